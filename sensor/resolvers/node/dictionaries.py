"""Dictionaries with names for keys (V8: NameDictionary): their entries, and which have paths."""

from __future__ import annotations

from struct import unpack
from typing import TYPE_CHECKING, NamedTuple

from sensor.resolvers.node.heap import is_object, smi
from sensor.resolvers.node.layouts import (
    DICTIONARY_HEAD,
    ELEMENTS,
    ENTRY,
    MAX_PREFIX,
    MIN_PREFIX,
    WORD,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sensor.resolvers.node.heap import Heap

# The largest program seen has 11,000 modules.
MAX_CAPACITY = 1 << 18
# Slots are in the order of hashes. One of three is used after a table has grown, one of four at
# least (V8: HashTable::ComputeCapacity, Shrink), and one table in some thousand has none of its
# first slots used. Where they have fewer names than FEW, and no path, more slots are read.
FIRST_SLOTS, MORE_SLOTS = 16, 128
FEW = 4


class Dictionary(NamedTuple):
    """The head of a NameDictionary: its words, and where the entries begin."""

    words: tuple[int, ...]
    capacity: int
    start: int

    @property
    def used(self) -> int:
        """How many entries it has."""
        return self.words[2] >> 32


# A dictionary at its tagged address.
_Table = tuple[int, Dictionary]


def as_dictionary(words: tuple[int, ...] | None) -> Dictionary | None:
    """The head of a NameDictionary by the words from its map on, if it can be one."""
    if words is None:
        return None
    length, used, deleted, capacity = (smi(word) for word in words[1:5])
    if length is None or used is None or deleted is None or capacity is None:
        return None
    prefix = length - 3 * capacity
    if not MIN_PREFIX <= prefix <= MAX_PREFIX or not 0 < capacity <= MAX_CAPACITY:
        return None
    if capacity & (capacity - 1) or used + deleted > capacity:
        return None
    return Dictionary(words, capacity, ELEMENTS + prefix * WORD)


def dictionary(heap: Heap, word: int) -> Dictionary | None:
    """The head of the NameDictionary at a tagged address; its map is for the caller to check."""
    return as_dictionary(heap.words_of([word], DICTIONARY_HEAD // WORD)[0])


def entries(
    heap: Heap, word: int, head: Dictionary, first: int, count: int
) -> list[tuple[int, ...]] | None:
    """(key, value, details) of some slots; None when they cannot be read. Empty ones are there."""
    count = min(count, head.capacity - first)
    data = heap.bytes_of([(word + head.start + first * ENTRY, count * ENTRY)])[0]
    if data is None:
        return None
    words = unpack(f"<{len(data) // WORD}Q", data)
    return [words[i : i + 3] for i in range(0, len(words), 3)]


def with_paths(heap: Heap, dictionary_map: int, words: Sequence[int]) -> list[int]:
    """Those of these dictionaries (tagged addresses) that have a path among their first keys."""
    size = DICTIONARY_HEAD // WORD
    raw_heads = heap.words_of(words, size)
    heads = [
        as_dictionary(head) if head and head[0] == dictionary_map else None for head in raw_heads
    ]
    there = [(w, h) for w, h in zip(words, heads, strict=True) if h and h.used]
    found, few = _first_paths(heap, there, FIRST_SLOTS)
    more, _ = _first_paths(heap, few, MORE_SLOTS)
    return [word for word, _ in there if word in found or word in more]


def _first_paths(heap: Heap, tables: Sequence[_Table], slots: int) -> tuple[set[int], list[_Table]]:
    """Those with a path in so many slots, and those that have none, but few names there."""
    raw = heap.bytes_of((w + h.start, min(slots, h.capacity) * ENTRY) for w, h in tables)
    keys = [_keys(data) for data in raw]
    paths = paths_of(heap, [key for each in keys for key in each])
    found, few = set(), []
    for (word, head), each in zip(tables, keys, strict=True):
        told = [paths[key] for key in each if key in paths]
        if any(told):
            found.add(word)
        elif len(told) < FEW and slots < head.capacity:
            few.append((word, head))
    return found, few


def _keys(data: bytes | None) -> list[int]:
    words = unpack(f"<{len(data) // WORD}Q", data) if data else ()
    return [word for word in words[::3] if is_object(word)]


def paths_of(heap: Heap, keys: Iterable[int]) -> dict[int, bool]:
    """Which of these are strings: whether it is an absolute path, by its first character."""
    layout = heap.layout
    new = list(dict.fromkeys(keys))
    at = min(layout.one_byte_chars, layout.two_byte_chars)
    raw = heap.bytes_of((key, at + WORD) for key in new)
    maps = [int.from_bytes(data[:WORD], "little") if data else 0 for data in raw]
    kinds = heap.map_types(maps)
    return {
        key: data[at] == ord("/")
        for key, data, kind in zip(new, raw, (kinds[m] for m in maps), strict=True)
        if data and heap.is_string(kind)
    }
