"""Read the modules out of what `find` has found, and tell cheaply whether there are new ones.

V8 moves objects while we read. What is read is a fact only if the words that led to it are the same
afterwards: a table, its keys, the list of scripts. Else there is no answer this time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from sensor.resolvers.node import areas
from sensor.resolvers.node.caches import MAX_MODULES
from sensor.resolvers.node.dictionaries import as_dictionary, entries
from sensor.resolvers.node.esm import SCHEME, function_info, names, path_of, script_of_info
from sensor.resolvers.node.heap import Heap, is_object
from sensor.resolvers.node.isolates import scripts
from sensor.resolvers.node.isolates import token as script_token
from sensor.resolvers.node.layouts import DICTIONARY_HEAD, PROPERTIES, WORD
from sensor.resolvers.node.words import ADDON, CJS, ESM, Module

if TYPE_CHECKING:
    from sensor.host.seam import Process
    from sensor.resolvers.node.caches import Cache
    from sensor.resolvers.node.find import Place
    from sensor.resolvers.node.isolates import Isolate

# Threads that are told apart; of more, only whether there are more.
MAX_STACKS = 64
# Entries read in one step: 20 ms.
ENTRIES = 1_000


class Scripts(NamedTuple):
    """The scripts of one isolate, and their names; none are named when its thread has ended."""

    isolate: Isolate
    lives: bool
    words: list[int]
    names: list[str | None]


class Part(NamedTuple):
    """Some keys of a table; None for one that cannot be read.

    `next` is the slot behind them, 0 when they were the last; `table` is where the table is,
    `changed` that it has changed while it was read.
    """

    keys: list[str | None]
    next: int
    table: int
    changed: bool


def threads_and_addons(process: Process) -> int:
    """Another number when a thread or a mapped addon has come or gone."""
    addons = sorted({m.path for m in process.maps() if m.path.endswith(".node")})
    stacks = areas.stacks(process)[:MAX_STACKS]
    used = [areas.in_use(process, start, start + size) for start, size in stacks]
    told = "\0".join((*addons, repr(stacks), repr(used)))
    return crc32(told.encode(errors="surrogatepass"))


def tokens(process: Process, heap: Heap, place: Place) -> list[list[int]] | None:
    """Other ones when something was loaded since. None when something is no longer where it was."""
    found: list[list[int]] = []
    for isolate in place.isolates:
        lives = isolate.lives(process)
        of_scripts = script_token(heap, isolate.slot) if lives else []
        if of_scripts is None:
            return None
        found.append([int(lives), *of_scripts])
    heads = [_table(heap, place, cache) for cache in place.caches]
    there = [[word, *words] for word, words in heads if words is not None]
    return found + there if len(there) == len(heads) else None


def _table(heap: Heap, place: Place, cache: Cache) -> tuple[int, tuple[int, ...] | None]:
    """The dictionary of a cache: where it is, and its head; None when it is none any more."""
    holder = heap.words_of([cache.holder], PROPERTIES // WORD + 1)[0]
    word = holder[-1] if holder else 0
    words = heap.words_of([word], DICTIONARY_HEAD // WORD)[0]
    maps = {maps.dictionary for maps in place.sets}
    if words is None or words[0] not in maps or as_dictionary(words) is None:
        return word, None
    return word, words


def all_scripts(process: Process, heap: Heap, place: Place) -> list[Scripts] | None:
    """The scripts of each isolate; None when one changed while it was read."""
    found = []
    for isolate in place.isolates:
        heap = heap.renewed()
        words = scripts(heap, isolate.slot)
        if not isolate.lives(process):
            # What is left of it: its caches are not of a living one.
            found.append(Scripts(isolate, lives=False, words=words or [], names=[]))
            continue
        texts = names(heap, words or [])
        if words is None or scripts(heap.renewed(), isolate.slot) != words:
            return None
        found.append(Scripts(isolate, lives=True, words=words, names=texts))
    return found


def keys(heap: Heap, place: Place, cache: Cache, first: int) -> Part | None:
    """Keys of the entries from slot `first` on. None when the table was replaced meanwhile.

    Only those are told whose slot is the same afterwards: its key was not moved, nor deleted.
    """
    heap = heap.renewed()
    word, words = _table(heap, place, cache)
    head = as_dictionary(words)
    slots = entries(heap, word, head, first, ENTRIES) if head else None
    if head is None or slots is None:
        return None
    texts = _keys(heap, [slot[0] for slot in slots if is_object(slot[0])])
    again = heap.renewed()
    now, words = _table(again, place, cache)
    same = entries(again, word, head, first, ENTRIES)
    if now != word or as_dictionary(words) is None or same is None:
        return None
    told = [
        texts[before[0]]
        for before, after in zip(slots, same, strict=True)
        if before == after and before[0] in texts
    ]
    following = first + len(slots)
    whole = following >= min(head.capacity, 2 * MAX_MODULES)
    return Part(told, 0 if whole else following, word, changed=slots != same)


def _keys(heap: Heap, words: list[int]) -> dict[int, str | None]:
    """The keys that are names: an empty slot holds an oddball (V8: undefined or the hole)."""
    kinds = heap.types(words)
    strings = [
        word
        for word, kind in zip(words, kinds, strict=True)
        if kind is None or heap.is_string(kind)
    ]
    texts = heap.texts(strings)
    return {word: texts[word] for word in strings}


def owner_of(heap: Heap, place: Place, cache: Cache, listed: list[Scripts]) -> Scripts | None:
    """The isolate whose script has made the class Module of a cache."""
    for info in function_info(heap, cache.owner):
        for maps in place.sets:
            script = script_of_info(heap, maps, info)
            for each in listed:
                if script in each.words:
                    return each
    return None


def cjs(path: str, *, worker: bool) -> Module:
    """The module of a key of Module._cache."""
    return Module(path, ADDON if path.endswith(".node") else CJS, worker)


def esm(place: Place, listed: list[Scripts]) -> tuple[list[Module], list[str], list[str]]:
    """ES modules; names of those that failed; names of scripts whose module is not evaluated."""
    found: list[Module] = []
    failed: list[str] = []
    others: list[str] = []
    for each in listed:
        for name in each.names:
            path = path_of(name) if name and name.startswith(SCHEME) else None
            if name is None or path is None:
                continue
            if name not in place.esm:
                others.append(name)
            elif place.esm[name]:
                failed.append(name)
            else:
                found.append(Module(path, ESM, each.isolate.worker))
    return found, failed, others


def without_cache(listed: list[Scripts], owners: list[Scripts | None]) -> list[str]:
    """Names of files that isolates without a Module._cache have compiled: one must be there."""
    have = {owner.isolate.slot for owner in owners if owner}
    return [
        name
        for each in listed
        if each.isolate.slot not in have
        for name in each.names
        if name and name.startswith("/")
    ]
