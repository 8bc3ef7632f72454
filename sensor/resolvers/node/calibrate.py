"""The maps by which V8 tells kinds of objects apart, in one process.

Maps of scripts and dictionaries are made once, when the read-only heap is, so they stand at fixed
distances in all processes of one program: these are learnt once and cached by its identity. Node.js
14 has a read-only heap for each isolate; the others have one.
"""

from __future__ import annotations

from collections import Counter
from struct import Struct, unpack
from typing import TYPE_CHECKING, Any, NamedTuple

from sensor.resolvers.node import areas, search
from sensor.resolvers.node.dictionaries import dictionary, entries
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
# Dictionaries stand in the first pages of a heap: those of class prototypes. So many votes decide,
# when nine of ten agree.
VOTES, MAJORITY = 16, 0.9
# V8 numbers the kinds of arrays, hash tables among them, from that of plain arrays on: that of
# NameDictionary is 3 to 7 behind it (src/objects/instance-type.h).
ARRAY_KINDS = 12
MAX_LIKELY = 256
# Address space: new space of Node.js 24 is one mapping of 32 MiB, most of it absent, and stands in
# front of the other pages in half of all processes.
MAX_VOTED = 256 << 20
# Bytes looked at in one step, for a dozen maps: 10 ms.
STEP = 1 << 20
# Bytes of the read-only heap looked at in one step.
PIECE = 1 << 17

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
    progress: Any = state or {"metas": _metas_of(process, heap), "at": 0, "read": 0, "votes": []}
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
        for at in range(start, start + size, PIECE):
            length = min(PIECE, start + size - at)
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
    """The maps of one read-only heap without that of dictionaries, and those that can be it."""
    hits = process.find(_WORD.pack(meta), areas.read_only(process), limit=MAX_MAPS)
    maps = [hit + TAG for hit in hits if hit % WORD == 0]
    types = heap.map_types(maps)
    by_type = {types[word]: word for word in reversed(maps)}
    script = by_type.get(heap.layout.script_type)
    if script is None:
        return None
    kinds = range(heap.layout.array_type + 1, heap.layout.array_type + 1 + ARRAY_KINDS)
    likely = [word for word in maps if types[word] in kinds][:MAX_LIKELY]
    return Maps(meta, script, 0, by_type.get(heap.layout.module_type or -1, meta)), likely


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
    likely = [word for _, words in bare for word in words]
    at, read = progress["at"], progress["read"]
    while at is not None and read < MAX_VOTED and not _decided(votes):
        done = search.step(process, areas.heap(process), at, likely, STEP)
        for word, hits in zip(likely, done.hits, strict=True):
            votes[word] += _dictionaries(heap, word, [hit + TAG for hit in hits[:VOTES]])
        at, read = done.next, read + STEP
        if at is not None and budget.due():
            told: Plain = [list(pair) for pair in votes.most_common(MAX_LIKELY)]
            return Pending({"metas": progress["metas"], "at": at, "read": read, "votes": told})
    return [word for word, count in votes.most_common() if count >= VOTES * MAJORITY]


def _decided(votes: Counter[int]) -> bool:
    total = sum(votes.values())
    return total >= VOTES and votes.most_common(1)[0][1] >= total * MAJORITY


def _dictionaries(heap: Heap, map_word: int, words: list[int]) -> int:
    """How many of these objects with that map are dictionaries with names for keys."""
    count = 0
    for word in words:
        head = dictionary(heap, word)
        if head is None or head.words[0] != map_word or not head.used:
            continue
        slots = entries(heap, word, head, 0, VOTES) or []
        kinds = heap.types([slot[0] for slot in slots if is_object(slot[0])])
        count += any(heap.is_string(kind) for kind in kinds)
    return count


def _with_dictionary(heap: Heap, bare: list[Maps], voted: list[int]) -> list[Maps]:
    """Each set with the map of dictionaries: at the distance of the best vote that is in a set."""
    heads = heap.words_of(voted, 1)
    metas = {maps.meta for maps in bare}
    for word, head in zip(voted, heads, strict=True):
        if head and head[0] in metas:
            distance = word - head[0]
            return [m._replace(dictionary=m.meta + distance) for m in bare]
    return []
