"""The isolates of V8 in a process: the main one and those of workers, with their lists of scripts.

Each isolate has a table of roots in memory of malloc: first the maps and values of the read-only
heap, then its own roots, among them the list of all its scripts (V8: src/roots/roots.h,
Heap::script_list) and, as small integers, the last number of a script. The table is told by its
many references to the read-only heap, and the list by what it holds: neither has a symbol.
"""

from __future__ import annotations

from bisect import bisect_right
from struct import Struct, unpack
from typing import TYPE_CHECKING, NamedTuple

from sensor.resolvers.node import areas
from sensor.resolvers.node.heap import is_object, is_weak, smi
from sensor.resolvers.node.layouts import TAG, WEAK_TAG, WORD

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sensor.formats.source import Range
    from sensor.host.seam import Process
    from sensor.model.finding import Plain
    from sensor.resolvers.node.calibrate import Maps
    from sensor.resolvers.node.heap import Heap

# Words around the reference to the map of maps: the table begins up to 42 words before it, the own
# roots up to 1,100 behind it, the limits of the stack up to 150 before it (Node.js 10 to 26).
BEFORE, BEHIND = 256, 1400
# Of this many words behind the map of maps at least half refer to the read-only heap.
NEAR = 64
# The small integers stand up to 24 words behind the list of scripts; 360 in V8 6.8.
SMIS, OLD_SMIS = 40, 400
# Scripts of one isolate: 11,000 modules have as many, and eval makes more.
MAX_SCRIPTS = 100_000
# The first entries of a list tell whether it is that of scripts.
PROBED = 64
# The stack of the first thread has 8 MiB by default, and V8 uses one at most.
MAX_STACK = 64 << 20

_WORD = Struct("<Q")


class Isolate(NamedTuple):
    """One isolate: the address of its reference to the list of scripts, and is it a worker's.

    `limit` and `end` are the lowest address of the stack of its thread that V8 may use, and where
    that stack begins; 0 where they are not known, and for the first thread, which never ends.
    """

    slot: int
    worker: bool
    limit: int = 0
    end: int = 0

    def lives(self, process: Process) -> bool:
        """Whether its thread has not ended, as far as can be told."""
        return not self.limit or areas.in_use(process, self.limit, self.end)

    def plain(self) -> Plain:
        """A JSON array."""
        return list(self)


def isolates(process: Process, heap: Heap, maps: Maps, hits: Iterable[int]) -> list[Isolate]:
    """Those whose table of roots refers to the map of maps at one of these addresses."""
    inside = _Inside(areas.read_only(process))
    stack = areas.first_stack(process)
    found = []
    for hit, words in _tables(process, hits, inside):
        slot = _script_list(heap, maps, hit, words[BEFORE:], inside)
        if slot is not None:
            own = any(stack - MAX_STACK < word < stack for word in words[:BEFORE])
            worker = not own and not _of_program(process, slot)
            told = worker and heap.layout.tells_stack
            limits = _limits(process, words[:BEFORE]) if told else (0, 0)
            found.append(Isolate(slot, worker, *limits))
    return found


def _limits(process: Process, words: Sequence[int]) -> tuple[int, int]:
    """The lowest address in a thread's stack that the words in front of a table tell, its end.

    Without any, the stack is gone, and so is the thread: nothing is in use below the end.
    """
    for start, size in areas.stacks(process):
        inside = [word for word in words if start < word < start + size]
        if inside:
            return min(inside), start + size
    return 1, 0


def _of_program(process: Process, address: int) -> bool:
    """Whether it is in the memory that malloc gives to the first thread."""
    return any(m.start <= address < m.end for m in process.maps() if m.path == "[heap]")


class _Inside:
    """Whether a word refers to the read-only heap."""

    def __init__(self, ranges: Sequence[Range]) -> None:
        self._starts = [start for start, _ in ranges]
        self._ends = [start + size for start, size in ranges]

    def __call__(self, word: int) -> bool:
        index = bisect_right(self._starts, word) - 1
        return word & WEAK_TAG == TAG and index >= 0 and word < self._ends[index]


def _tables(
    process: Process, hits: Iterable[int], inside: _Inside
) -> list[tuple[int, tuple[int, ...]]]:
    """(address, words around it) of each hit that is in a table of roots."""
    aligned = [hit for hit in hits if hit % WORD == 0]
    near = process.read([(hit, NEAR * WORD) for hit in aligned])
    likely = [hit for hit, data in zip(aligned, near, strict=True) if _dense(data, inside)]
    around = [(hit - BEFORE * WORD, (BEFORE + BEHIND) * WORD) for hit in likely]
    return list(zip(likely, areas.words(process, around), strict=True))


def _dense(data: bytes | None, inside: _Inside) -> bool:
    if data is None:
        return False
    return sum(map(inside, unpack(f"<{NEAR}Q", data))) >= NEAR // 2


def _script_list(
    heap: Heap, maps: Maps, hit: int, words: Sequence[int], inside: _Inside
) -> int | None:
    """The address of the reference to the list of scripts, among the words from `hit` on."""
    own = [(i, word) for i, word in enumerate(words) if is_object(word) and not inside(word)]
    heads = heap.words_of((word for _, word in own), 3)
    for (index, word), head in zip(own, heads, strict=True):
        if head and inside(head[0]) and _is_script_list(heap, maps, word, head):
            return hit + index * WORD
    return None


def _is_script_list(heap: Heap, maps: Maps, word: int, head: Sequence[int]) -> bool:
    """Whether its first entries are scripts: at least one, and nothing else."""
    length = _length(heap, head)
    if not length:
        return False
    there = _listed(heap, word, min(length, PROBED)) or []
    firsts = heap.words_of(there, 1)
    return bool(there) and all(first and first[0] == maps.script for first in firsts)


def _length(heap: Heap, head: Sequence[int]) -> int | None:
    """How many entries a list has, by its map and two words.

    V8: WeakArrayList has capacity and length. V8 6.8: FixedArrayOfWeakCells has its length in
    words, then the index that was used last, which says nothing of the others.
    """
    first, second = smi(head[1]), smi(head[2])
    if first is None or second is None or second > first:
        return None
    return first - 1 if heap.layout.is_old else second


def _listed(heap: Heap, word: int, length: int) -> list[int] | None:
    """What a list refers to: by weak words, or in V8 6.8 by cells that are weak."""
    entries = heap.long(word, 3, length)
    if entries is None:
        return None
    weak = [entry - WEAK_TAG + TAG for entry in entries if is_weak(entry)]
    cells = heap.words_of((entry for entry in entries if is_object(entry)), 2)
    return weak + [cell[1] for cell in cells if cell and is_object(cell[1])]


def scripts(heap: Heap, slot: int) -> list[int] | None:
    """The live scripts of an isolate, by tagged address; None when the list cannot be read."""
    head = _list_head(heap, slot)
    if head is None:
        return None
    return _listed(heap, *head)


def token(heap: Heap, slot: int) -> list[int] | None:
    """Another one when a script was compiled: where the list is, and the small integers behind."""
    count = OLD_SMIS if heap.layout.is_old else SMIS
    data = heap.heads_of([slot + TAG], count, 1)[0]
    if data is None:
        return None
    words = unpack(f"<{count}Q", data)
    return [words[0], *(value for word in words[1:] if (value := smi(word)))]


def _list_head(heap: Heap, slot: int) -> tuple[int, int] | None:
    words = heap.words_of([slot + TAG], 1)[0]
    head = heap.words_of(words, 3)[0] if words else None
    length = _length(heap, head) if head else None
    if words is None or length is None or length > MAX_SCRIPTS:
        return None
    return words[0], length
