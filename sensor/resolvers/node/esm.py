"""ES modules: those whose code has run, by the module objects of V8 and the names of their scripts.

A script is there as soon as its file was parsed, but a module has a state: only what was evaluated
is loaded.
"""

from __future__ import annotations

from struct import unpack
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_to_bytes

from sensor.formats.pathtext import to_text
from sensor.resolvers.node.heap import is_object, smi
from sensor.resolvers.node.layouts import EVALUATING, GENERATOR_FUNCTION, MODULE_WORDS, WORD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.model.finding import Plain
    from sensor.resolvers.node.calibrate import Maps
    from sensor.resolvers.node.heap import Heap

SCHEME = "file://"
# Words of a SharedFunctionInfo among which is its script: number 4, or 5 since V8 13.
INFO_WORDS = 8
# It has seven words in V8 11, and can be the last object in memory.
LEAST_INFO = 5


class Evaluated(NamedTuple):
    """A module whose code has run: its script (tagged address), and did it end in an error."""

    script: int
    failed: bool

    def plain(self) -> Plain:
        """A JSON array."""
        return list(self)


def path_of(name: str) -> str | None:
    """The path of a file: URL without query and fragment; None of another name."""
    if not name.startswith(SCHEME):
        return None
    bare = name[len(SCHEME) :].partition("?")[0].partition("#")[0]
    return to_text(unquote_to_bytes(bare)) if bare.startswith("/") else None


def names(heap: Heap, scripts: Sequence[int]) -> list[str | None]:
    """The name of each script; None when it has none, or it cannot be read."""
    at = heap.layout.script_name // WORD
    heads = heap.words_of(scripts, at + 1)
    words = [head[at] if head else 0 for head in heads]
    texts = heap.texts(word for word in words if is_object(word))
    return [texts.get(word) for word in words]


def evaluated(heap: Heap, maps: Maps, modules: Sequence[int]) -> list[Evaluated]:
    """Those of these module objects (tagged addresses) that were evaluated."""
    found = []
    for head in heap.heads_of(modules, MODULE_WORDS, heap.layout.status + 1):
        words = unpack(f"<{MODULE_WORDS}Q", head) if head else ()
        status = smi(words[heap.layout.status]) if words and words[0] == maps.module else None
        if words and status is not None and EVALUATING <= status <= heap.layout.errored:
            script = _script(heap, maps, [word for word in words[1:] if is_object(word)])
            if script is not None:
                found.append(Evaluated(script, status == heap.layout.errored))
    return found


def _script(heap: Heap, maps: Maps, words: Sequence[int]) -> int | None:
    """The script of a module: its own word, or that of its function (V8 8.8 and later)."""
    heads = heap.words_of(words, GENERATOR_FUNCTION + 1)
    types = heap.types(words)
    infos = []
    for word, head, kind in zip(words, heads, types, strict=True):
        if head and head[0] == maps.script:
            return word
        if kind == heap.layout.function_info_type:
            infos.append(word)
        elif head and kind != heap.layout.object_type and is_object(head[GENERATOR_FUNCTION]):
            infos += function_info(heap, head[GENERATOR_FUNCTION])
    return next((s for info in infos if (s := script_of_info(heap, maps, info))), None)


def function_info(heap: Heap, function: int) -> list[int]:
    """The SharedFunctionInfo of what can be a function, if it is one."""
    at = heap.layout.function_info // WORD
    words = heap.words_of([function], at + 1)[0]
    if words is None or heap.types([words[at]])[0] != heap.layout.function_info_type:
        return []
    return [words[at]]


def script_of_info(heap: Heap, maps: Maps, info: int) -> int | None:
    """The script of a SharedFunctionInfo."""
    data = heap.heads_of([info], INFO_WORDS, LEAST_INFO)[0]
    words: tuple[int, ...] = unpack(f"<{INFO_WORDS}Q", data) if data else ()
    heads = heap.words_of(words, 1)
    for word, head in zip(words, heads, strict=True):
        if head and head[0] == maps.script:
            return word
    return None
