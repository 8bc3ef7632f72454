"""Find what tells the modules of a process: its isolates, their Module._cache, their ES modules.

All of the heap is looked through once, in slices. Later looks know where things are (`read`), and
come here only for what has moved or is new.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from sensor.resolvers.node import areas, search
from sensor.resolvers.node.caches import Cache, Finder
from sensor.resolvers.node.calibrate import Maps
from sensor.resolvers.node.esm import SCHEME, evaluated, names
from sensor.resolvers.node.isolates import Isolate, isolates, scripts
from sensor.resolvers.node.layouts import TAG

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.host.seam import Process
    from sensor.model.budget import Budget
    from sensor.model.finding import Plain
    from sensor.resolvers.node.heap import Heap

# An isolate for each worker thread: a busy server has as many as processors.
MAX_ISOLATES = 256
# ES modules of all isolates; the largest program seen has 1,000.
MAX_ESM = 20_000
# What the cursor says when a part is done, and when it is not begun.
DONE, START = -1, 0


@dataclass(slots=True)
class Place:
    """Where things are in one process, as far as the search has come.

    `table` and `heap` are the cursors of looking for isolates, and for caches and ES modules.
    `esm` has for each name of a script whether its module ended in an error; `has_esm` says that
    there is such a script, so that a search is worth it. `full` says that there was more than is
    kept; `looked` counts the dictionaries with paths. `wide` says to look for isolates everywhere:
    malloc of glibc has its own places, that of musl has not.
    """

    sets: list[Maps]
    isolates: list[Isolate] = field(default_factory=list)
    caches: list[Cache] = field(default_factory=list)
    esm: dict[str, bool] = field(default_factory=dict)
    table: int = START
    heap: int = START
    full: bool = False
    has_esm: bool = True
    looked: int = 0
    wide: bool = False

    def plain(self) -> Plain:
        """A JSON object."""
        return {
            "sets": [list(maps) for maps in self.sets],
            "isolates": [isolate.plain() for isolate in self.isolates],
            "caches": [cache.plain() for cache in self.caches],
            "esm": dict(self.esm),
            "table": self.table,
            "heap": self.heap,
            "full": self.full,
            "has_esm": self.has_esm,
            "looked": self.looked,
            "wide": self.wide,
        }

    @classmethod
    def from_plain(cls, data: Any) -> Self:  # noqa: ANN401 - decoded JSON
        """The place of a JSON object made by `plain`."""
        return cls(
            [Maps(*row) for row in data["sets"]],
            [Isolate(*row) for row in data["isolates"]],
            [Cache(*row) for row in data["caches"]],
            dict(data["esm"]),
            data["table"],
            data["heap"],
            data["full"],
            data["has_esm"],
            data["looked"],
            data["wide"],
        )


def find(process: Process, heap: Heap, budget: Budget, place: Place) -> bool:
    """Go on until all is found; False when the slice is over before that. Changes `place`."""
    while place.table != DONE:
        _table_step(process, heap, place)
        if budget.due():
            return False
    finders = [Finder(heap, maps.dictionary, place.looked) for maps in place.sets]
    while place.heap != DONE:
        _heap_step(process, heap, place, finders)
        if budget.due() and place.heap != DONE:
            return False
    return True


def _table_step(process: Process, heap: Heap, place: Place) -> None:
    words = [maps.meta for maps in place.sets]
    ranges = areas.everywhere(process) if place.wide else areas.malloc(process)
    done = search.step(process, ranges, place.table, words)
    known = {isolate.slot for isolate in place.isolates}
    for maps, hits in zip(place.sets, done.hits, strict=True):
        for isolate in isolates(process, heap, maps, hits):
            if isolate.slot not in known and len(known) < MAX_ISOLATES:
                place.isolates.append(isolate)
                known.add(isolate.slot)
    place.table = DONE if done.next is None else done.next
    if place.table == DONE and not place.isolates and not place.wide:
        place.table, place.wide = START, True
    if place.table == DONE and place.isolates:
        place.has_esm = any(_has_esm(heap, isolate) for isolate in place.isolates)


def _has_esm(heap: Heap, isolate: Isolate) -> bool:
    listed = scripts(heap, isolate.slot)
    return listed is None or any((name or "").startswith(SCHEME) for name in names(heap, listed))


def _heap_step(process: Process, heap: Heap, place: Place, finders: Sequence[Finder]) -> None:
    words = [maps.dictionary for maps in place.sets]
    with_modules = [maps for maps in place.sets if place.has_esm and maps.module != maps.meta]
    words += [maps.module for maps in with_modules]
    done = search.step(process, areas.heap(process), place.heap, words)
    for finder, hits in zip(finders, done.hits, strict=False):
        _keep_caches(place, finder.caches([hit + TAG for hit in hits]))
    for maps, hits in zip(with_modules, done.hits[len(place.sets) :], strict=True):
        _keep_modules(heap, place, maps, [hit + TAG for hit in hits])
    place.heap = DONE if done.next is None else done.next
    place.looked = max(finder.looked for finder in finders)


def _keep_caches(place: Place, found: set[Cache]) -> None:
    new = sorted(found.difference(place.caches))
    room = MAX_ISOLATES - len(place.caches)
    place.full = place.full or len(new) > room
    place.caches += new[:room]


def _keep_modules(heap: Heap, place: Place, maps: Maps, words: Sequence[int]) -> None:
    modules = evaluated(heap, maps, words)
    texts = names(heap, [module.script for module in modules])
    for module, text in zip(modules, texts, strict=True):
        if text is None or not text.startswith(SCHEME):
            continue
        if len(place.esm) >= MAX_ESM:
            place.full = True
            return
        place.esm[text] = place.esm.get(text, True) and module.failed
