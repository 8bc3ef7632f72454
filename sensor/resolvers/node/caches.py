"""`Module._cache` of each isolate: found among all dictionaries, and proven by its class.

An object whose keys are paths can be anything. It is Module._cache when the class of one of its
values has it as a property of its own: value → its map → constructor → property. That also passes
over copies that are dead, or were outgrown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sensor.resolvers.node.dictionaries import dictionary, entries, paths_of, with_paths
from sensor.resolvers.node.heap import is_object, smi
from sensor.resolvers.node.layouts import CONSTRUCTOR, INSTANCE_WORDS, PROPERTIES, WORD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.model.finding import Plain
    from sensor.resolvers.node.heap import Heap

# The largest program seen has 11,000 modules.
MAX_MODULES = 50_000
# Dictionaries with paths for keys that are looked at, in one heap: 70 µs each. A program can have
# many of its own; Module._cache is among the first pages that survived.
MAX_LOOKED = 10_000
# Values of a dictionary from which its class is looked for.
PROBES = 4
# Steps from a map back to the one its class began with: one for each property that was added.
MAX_BACK = 64
# Properties of the class Module that are looked at: it has 40.
MAX_PROPERTIES = 1024


class Cache(NamedTuple):
    """A Module._cache: the object that it is, and the class Module (tagged addresses)."""

    holder: int
    owner: int

    def plain(self) -> Plain:
        """A JSON array."""
        return list(self)


class Finder:
    """Finds the Module._cache to which dictionaries lead. Remembers classes for one slice."""

    def __init__(self, heap: Heap, dictionary_map: int, looked: int = 0) -> None:
        """Read nothing yet. `looked` is how many dictionaries with paths were looked at before."""
        self.looked = looked
        self._heap = heap
        self._map = dictionary_map
        self._owners: dict[int, int | None] = {}
        self._holders: dict[int, list[tuple[int, frozenset[int]]]] = {}

    def caches(self, words: Sequence[int]) -> set[Cache]:
        """The caches to which any of these dictionaries leads: it is one, or a copy of one."""
        found = set()
        for word in with_paths(self._heap, self._map, words):
            self.looked += 1
            cache = self._of(word) if self.looked <= MAX_LOOKED else None
            if cache is not None:
                found.add(cache)
        return found

    def _of(self, word: int) -> Cache | None:
        values = _values(self._heap, word)
        kinds = zip(values, self._heap.types(values), strict=True)
        # A slot that is not used has oddballs of V8 for its key and value.
        objects = [value for value, kind in kinds if kind == self._heap.layout.object_type]
        for value in objects[:PROBES]:
            owner = self._owner(value)
            for holder, held in self._holders_of(owner) if owner else ():
                if owner and value in held:
                    return Cache(holder, owner)
        return None

    def _owner(self, value: int) -> int | None:
        first = self._heap.words_of([value], 1)[0]
        if first is None:
            return None
        if first[0] not in self._owners:
            self._owners[first[0]] = _constructor(self._heap, first[0])
        return self._owners[first[0]]

    def _holders_of(self, owner: int) -> list[tuple[int, frozenset[int]]]:
        """Properties of a class that are objects in dictionary mode; their values under paths.

        Other objects have a module among their values too: process has its mainModule.
        """
        if owner not in self._holders:
            candidates = [word for word in _properties(self._heap, owner) if is_object(word)]
            heads = self._heap.words_of(candidates, PROPERTIES // WORD + 1)
            tables = [head[-1] if head else 0 for head in heads]
            maps = self._heap.words_of(tables, 1)
            self._holders[owner] = [
                (candidate, _values_of_paths(self._heap, table))
                for candidate, table, first in zip(candidates, tables, maps, strict=True)
                if first and first[0] == self._map
            ]
        return self._holders[owner]


def _values(heap: Heap, word: int) -> list[int]:
    """The values of a dictionary that are objects."""
    head = dictionary(heap, word)
    slots = entries(heap, word, head, 0, head.capacity) if head else None
    return [slot[1] for slot in slots or () if is_object(slot[0]) and is_object(slot[1])]


def _values_of_paths(heap: Heap, word: int) -> frozenset[int]:
    head = dictionary(heap, word)
    slots = (entries(heap, word, head, 0, head.capacity) if head else None) or []
    paths = paths_of(heap, [slot[0] for slot in slots if is_object(slot[0])])
    return frozenset(slot[1] for slot in slots if paths.get(slot[0]))


def _own_words(heap: Heap, word: int) -> int:
    """How many words an object has, by its map."""
    first = heap.words_of([word], 1)[0]
    size = heap.bytes_of([(first[0] + INSTANCE_WORDS, 1)])[0] if first else None
    return size[0] if size else 0


def _constructor(heap: Heap, word: int) -> int | None:
    """The function that made the objects of a map: back to the first map of their class."""
    for _ in range(MAX_BACK):
        words = heap.words_of([word], CONSTRUCTOR // WORD + 1)[0]
        if words is None:
            return None
        if heap.map_types([words[0]])[words[0]] != heap.layout.map_type:
            return word
        word = words[-1]
    return None


def _properties(heap: Heap, owner: int) -> list[int]:
    """The words that can be properties of a function: its own, and those kept beside it."""
    own = heap.words_of([owner], _own_words(heap, owner))[0] or ()
    beside = own[PROPERTIES // WORD] if own else 0
    head = heap.words_of([beside], 2)[0]
    length = smi(head[1]) if head else None
    # The length of a property array shares its word with a hash (V8: PropertyArray::LengthField).
    count = 0 if length is None else length if length < MAX_PROPERTIES else length % MAX_PROPERTIES
    return [*own[2:], *(heap.long(beside, 2, count) or ())]
