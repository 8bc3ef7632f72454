"""The maps by which V8 tells kinds of objects apart, in one process.

Maps of scripts and dictionaries are made once, when the read-only heap is, so they stand at fixed
distances in all processes of one program: these are learnt once and cached by its identity. Node.js
14 has a read-only heap for each isolate; the others have one.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from struct import Struct, unpack
from typing import TYPE_CHECKING, Any, NamedTuple

from sensor.resolvers.node import areas
from sensor.resolvers.node.heap import is_object
from sensor.resolvers.node.layouts import TAG, WORD

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
# Objects in dictionary mode stand in the first pages of a heap: class prototypes are. So many votes
# decide, when nine of ten agree.
VOTES, MAJORITY = 16, 0.9
# Address space: new space of Node.js 24 is one mapping of 32 MiB, most of it absent, and stands in
# front of the other pages in half of all processes.
MAX_VOTED = 256 << 20
# Words looked at in one step: 30 ms.
STEP = 1 << 17

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
    progress: Any = state or {"at": 0, "votes": []}
    bare = _bare(process, heap)
    if not bare:
        return []
    voted = _vote(process, heap, budget, progress)
    if isinstance(voted, Pending):
        return voted
    found = _with_dictionary(heap, bare, voted)
    if found:
        first = found[0]
        distances: Plain = [first.meta % areas.PAGE, *(word - first.meta for word in first[1:])]
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


def _bare(process: Process, heap: Heap) -> list[Maps]:
    """The maps of each read-only heap, all but that of dictionaries."""
    ranges = areas.read_only(process)
    metas = _metas(heap, _self_references(process, ranges))[:MAX_SETS]
    return [maps for meta in metas if (maps := _of_meta(process, heap, ranges, meta))]


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


def _of_meta(process: Process, heap: Heap, ranges: list[Range], meta: int) -> Maps | None:
    hits = process.find(_WORD.pack(meta), ranges, limit=MAX_MAPS)
    maps = [hit + TAG for hit in hits if hit % WORD == 0]
    types = heap.map_types(maps)
    by_type = {types[word]: word for word in reversed(maps)}
    script = by_type.get(heap.layout.script_type)
    if script is None:
        return None
    return Maps(meta, script, 0, by_type.get(heap.layout.module_type or -1, meta))


def _vote(process: Process, heap: Heap, budget: Budget, progress: Any) -> list[int] | Pending:  # noqa: ANN401 - decoded JSON
    """Maps of what objects in dictionary mode have as their properties, the likeliest first.

    Those of all isolates, which agree in their distance from the map of maps.
    """
    votes = Counter(dict(progress["votes"]))
    at = progress["at"]
    while at is not None and not _decided(votes):
        at = _vote_step(process, heap, at, votes)
        if at is not None and budget.due():
            return Pending({"at": at, "votes": [list(pair) for pair in votes.most_common(64)]})
    return [word for word, count in votes.most_common() if count >= VOTES * MAJORITY]


def _decided(votes: Counter[int]) -> bool:
    total = sum(votes.values())
    return total >= VOTES and votes.most_common(1)[0][1] >= total * MAJORITY


def _vote_step(process: Process, heap: Heap, at: int, votes: Counter[int]) -> int | None:
    """Look at the words from byte `at` of the heap on; where the next step begins."""
    skip = at
    for start, size in areas.heap(process):
        if skip < size:
            length = min(size - skip, STEP)
            for _, data in _present(process, start + skip, length):
                _vote_page(heap, data, votes)
            following = at + length
            return following if following < MAX_VOTED else None
        skip -= size
    return None


def _vote_page(heap: Heap, data: bytes, votes: Counter[int]) -> None:
    words = unpack(f"<{len(data) // WORD}Q", data)
    maps = _dictionary_maps(heap, [w for w in dict.fromkeys(words) if is_object(w)])
    properties = [b for a, b in pairwise(words) if a in maps]
    heads = heap.words_of(properties, 1)
    votes.update(head[0] for head in heads if head and is_object(head[0]))


def _dictionary_maps(heap: Heap, words: list[int]) -> set[int]:
    """Those that are maps of ordinary objects in dictionary mode."""
    layout = heap.layout
    size = max(layout.bit_field3, layout.instance_type) + 4
    raw = heap.bytes_of((word, size) for word in words)
    flag = 1 << layout.dictionary_shift
    likely = {
        word: _WORD.unpack_from(data)[0]
        for word, data in zip(words, raw, strict=True)
        if data is not None
        and int.from_bytes(data[layout.bit_field3 : layout.bit_field3 + 4], "little") & flag
        and int.from_bytes(data[layout.instance_type : layout.instance_type + 2], "little")
        == layout.object_type
    }
    types = heap.map_types(likely.values())
    return {word for word, map_word in likely.items() if types[map_word] == layout.map_type}


def _with_dictionary(heap: Heap, bare: list[Maps], voted: list[int]) -> list[Maps]:
    """Each set with the map of dictionaries: at the distance of the best vote that is in a set."""
    heads = heap.words_of(voted, 1)
    metas = {maps.meta for maps in bare}
    for word, head in zip(voted, heads, strict=True):
        if head and head[0] in metas:
            distance = word - head[0]
            return [m._replace(dictionary=m.meta + distance) for m in bare]
    return []
