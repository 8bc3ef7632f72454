"""The maps by which V8 tells kinds of objects apart, in one process.

Maps of scripts and dictionaries are made once, when the read-only heap is, so they stand at fixed
distances in all processes of one program: these are learnt once and cached by its identity. Node.js
14 has a read-only heap for each isolate; the others have one.
"""

from __future__ import annotations

from collections import Counter
from struct import Struct, unpack
from typing import TYPE_CHECKING, Any, NamedTuple

from sensor.resolvers.node import areas
from sensor.resolvers.node.caches import as_dictionary
from sensor.resolvers.node.heap import is_object
from sensor.resolvers.node.layouts import DICTIONARY_HEAD, ENTRY, TAG, WORD

if TYPE_CHECKING:
    from sensor.formats.source import Range
    from sensor.host.seam import Cache, Process
    from sensor.model.budget import Budget
    from sensor.model.file import FileId
    from sensor.model.finding import Plain
    from sensor.resolvers.node.heap import Heap

KIND = "node.maps.1"
# The read-only heap of all isolates together: 0.9 MB each in Node.js 14.
MAX_READ = 64 << 20
MAX_SETS = 64
# Maps in one read-only heap: 200 in Node.js 26, 4,100 with those of functions in Node.js 10.
MAX_MAPS = 20_000
# Dictionaries stand in the first pages of a heap: those of class prototypes. So many votes decide,
# when nine of ten agree.
VOTES, MAJORITY = 16, 0.9
MAX_TOLD = 64
# Address space: new space of Node.js 24 is one mapping of 32 MiB, most of it absent, and stands in
# front of the other pages in half of all processes.
MAX_VOTED = 256 << 20
# Bytes looked at in one step: 15 ms.
STEP = 1 << 18

_WORD = Struct("<Q")


class Maps(NamedTuple):
    """Maps of one read-only heap, by tagged address; `module` is 0 where it is not known."""

    meta: int
    script: int
    dictionary: int
    module: int


class Pending(NamedTuple):
    """The budget is used up: call again with this state."""

    state: Plain


def calibrate(
    process: Process, heap: Heap, budget: Budget, cache: Cache, file: FileId, state: Plain
) -> list[Maps] | Pending:
    """The maps of each read-only heap; none when the heap is not understood."""
    known: Any = cache.get(KIND, file)
    if known is not None:
        found = _known(process, heap, known)
        if found:
            return found
    progress: Any = state or {"metas": _metas_of(process, heap), "at": 0, "votes": []}
    bare = [maps for meta in progress["metas"] if (maps := _of_meta(process, heap, meta))]
    if not bare:
        return []
    voted = _vote(process, heap, budget, progress, bare)
    if isinstance(voted, Pending):
        return voted
    found = _with_dictionary(heap, [maps for maps, _ in bare], voted)
    if found:
        first = found[0]
        distances: Plain = [
            first.meta % areas.PAGE,
            *(word - first.meta for word in first[1:]),
        ]
        cache.put(KIND, file, distances)
    return found


def _known(process: Process, heap: Heap, distances: list[int]) -> list[Maps]:
    """The maps at the distances that another process of the program had, where they are there."""
    offset, script, dictionary, module = distances
    pages = dict.fromkeys(
        page
        for start, size in areas.read_only(process)
        for page in range(start - start % areas.PAGE, start + size, areas.PAGE)
    )
    metas = [page + offset for page in pages][:MAX_SETS]
    metas = _metas(heap, metas)
    sets = [Maps(meta, meta + script, meta + dictionary, meta + module) for meta in metas]
    return [maps for maps in sets if _is_set(heap, maps)]


def _is_set(heap: Heap, maps: Maps) -> bool:
    heads = heap.words_of(maps, 1)
    if any(head is None or head[0] != maps.meta for head in heads):
        return False
    types = heap.map_types(maps)
    wanted = (heap.layout.map_type, heap.layout.script_type)
    return (types[maps.meta], types[maps.script]) == wanted


def _metas(heap: Heap, words: list[int]) -> list[int]:
    """Those that are the map of all maps: the only object that is its own map."""
    heads = heap.words_of(words, 1)
    types = heap.map_types(words)
    return [
        word
        for word, head in zip(words, heads, strict=True)
        if head and head[0] == word and types[word] == heap.layout.map_type
    ]


def _metas_of(process: Process, heap: Heap) -> list[int]:
    return _metas(heap, _self_references(process, areas.read_only(process)))[:MAX_SETS]


def _self_references(process: Process, ranges: list[Range]) -> list[int]:
    found: list[int] = []
    left = MAX_READ
    for start, size in ranges:
        left -= size
        if left < 0:
            break
        for at in range(start, start + size, STEP):
            length = min(STEP, start + size - at)
            for page, data in _present(process, at, length):
                words = unpack(f"<{len(data) // WORD}Q", data)
                base = page + TAG
                found += [w for i, w in enumerate(words) if w - base == i * WORD]
    return found


def _present(process: Process, start: int, size: int) -> list[tuple[int, bytes]]:
    pages = [(at, areas.SMALL) for at in range(start, start + size, areas.SMALL)]
    raw = process.read(pages)
    return [(at, data) for (at, _), data in zip(pages, raw, strict=True) if data is not None]


def _of_meta(process: Process, heap: Heap, meta: int) -> tuple[Maps, list[int]] | None:
    """The maps of one read-only heap, without that of dictionaries; and all there are."""
    hits = process.find(_WORD.pack(meta), areas.read_only(process), limit=MAX_MAPS)
    maps = [hit + TAG for hit in hits if hit % WORD == 0]
    types = heap.map_types(maps)
    by_type = {types[word]: word for word in reversed(maps)}
    script = by_type.get(heap.layout.script_type)
    if script is None:
        return None
    return Maps(meta, script, 0, by_type.get(heap.layout.module_type or -1, meta)), maps


def _vote(
    process: Process,
    heap: Heap,
    budget: Budget,
    progress: Any,  # noqa: ANN401 - decoded JSON
    bare: list[tuple[Maps, list[int]]],
) -> list[int] | Pending:
    """Maps of objects that are built as dictionaries with names for keys, the likeliest first.

    Those of all isolates, which agree in their distance from the map of maps.
    """
    votes = Counter(dict(progress["votes"]))
    maps = frozenset(word for _, words in bare for word in words)
    at = progress["at"]
    while at is not None and not _decided(votes):
        at = _vote_step(process, heap, at, maps, votes)
        if at is not None and budget.due():
            told: Plain = [list(pair) for pair in votes.most_common(MAX_TOLD)]
            return Pending({"metas": progress["metas"], "at": at, "votes": told})
    return [word for word, count in votes.most_common() if count >= VOTES * MAJORITY]


def _decided(votes: Counter[int]) -> bool:
    total = sum(votes.values())
    return total >= VOTES and votes.most_common(1)[0][1] >= total * MAJORITY


def _vote_step(
    process: Process, heap: Heap, at: int, maps: frozenset[int], votes: Counter[int]
) -> int | None:
    """Look at the words from byte `at` of the heap on; where the next step begins."""
    skip = at
    for start, size in areas.heap(process):
        if skip < size:
            length = min(size - skip, STEP)
            for _, data in _present(process, start + skip, length):
                _vote_page(heap, data, maps, votes)
            following = at + length
            return following if following < MAX_VOTED else None
        skip -= size
    return None


def _vote_page(heap: Heap, data: bytes, maps: frozenset[int], votes: Counter[int]) -> None:
    words = unpack(f"<{len(data) // WORD}Q", data)
    size = DICTIONARY_HEAD // WORD
    heads = [(at, words[at : at + size]) for at, word in enumerate(words) if word in maps]
    dictionaries = [
        (words[at], words[at + found.start // WORD :: ENTRY // WORD][: found.capacity])
        for at, head in heads
        if len(head) == size and (found := as_dictionary(head)) and found.used
    ]
    for word, keys in dictionaries:
        names = [key for key in keys if is_object(key)]
        if any(heap.is_string(kind) for kind in heap.types(names)):
            votes[word] += 1


def _with_dictionary(heap: Heap, bare: list[Maps], voted: list[int]) -> list[Maps]:
    """Each set with the map of dictionaries: at the distance of the best vote that is in a set."""
    heads = heap.words_of(voted, 1)
    metas = {maps.meta for maps in bare}
    for word, head in zip(voted, heads, strict=True):
        if head and head[0] in metas:
            distance = word - head[0]
            return [m._replace(dictionary=m.meta + distance) for m in bare]
    return []
