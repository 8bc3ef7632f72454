"""The modules that a Node.js process has loaded, in slices: calibrate, find, read.

Nothing is known here of packages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sensor.resolvers.node import reasons
from sensor.resolvers.node.calibrate import Pending, calibrate
from sensor.resolvers.node.find import Place, find
from sensor.resolvers.node.heap import Heap
from sensor.resolvers.node.layouts import Layout
from sensor.resolvers.node.read import threads_and_addons, tokens
from sensor.resolvers.node.reading import Reading
from sensor.resolvers.node.words import Module

if TYPE_CHECKING:
    from sensor.host.seam import Cache, Process
    from sensor.model.budget import Budget
    from sensor.model.finding import Plain
    from sensor.resolvers.node.postmortem import Program

# Searches in which things have moved when they are read, before that is reported.
MAX_LOST = 3
# Seconds after which an isolate without a Module._cache is looked through anew: a first file of no
# code (JSON, an addon) changes nothing else that is watched.
RENEW = 300
# Searches for what must be there: V8 may have moved it past the search.
MAX_MISSING = 1


class Loaded(NamedTuple):
    """What is loaded: the modules, and (reason, detail) of what is not known.

    `since` is when they were read. `again` is what `unchanged` wants to see, None when it cannot
    tell: then read anew.
    """

    modules: list[Module]
    gaps: list[tuple[str, str]]
    since: float
    isolates: int
    again: Plain = None

    def plain(self) -> Plain:
        """A JSON object."""
        return {
            "modules": [list(module) for module in self.modules],
            "gaps": [list(gap) for gap in self.gaps],
            "since": self.since,
            "isolates": self.isolates,
            "again": self.again,
        }

    @classmethod
    def from_plain(cls, data: Any) -> Loaded:  # noqa: ANN401 - decoded JSON
        """What `plain` has made."""
        modules = [Module(*row) for row in data["modules"]]
        gaps = [(reason, detail) for reason, detail in data["gaps"]]
        return cls(modules, gaps, data["since"], data["isolates"], data["again"])


def loaded(
    process: Process, budget: Budget, cache: Cache, program: Program, state: Plain
) -> Loaded | Pending:
    """Read the modules; `state` is that of a Pending of an earlier call, or of `changed`."""
    known: Any = state or {}
    heap = Heap(process, program.layout)
    if "place" in known:
        return _find(process, heap, budget, Place.from_plain(known["place"]), known)
    sets = calibrate(process, heap, budget, cache, program.file, known.get("calibrate"))
    if isinstance(sets, Pending):
        return Pending({"calibrate": sets.state})
    if not sets:
        return Loaded([], [(reasons.HEAP_UNKNOWN, "")], process.at, 0)
    return _find(process, heap, budget, Place(sets), {})


def unchanged(process: Process, again: Any) -> Plain:  # noqa: ANN401 - decoded JSON
    """What to compare with next time, if nothing was loaded since; else None.

    A few fresh reads tell. The program's file is not opened.
    """
    if again["until"] is not None and process.at > again["until"]:
        return None
    heap = Heap(process, Layout(*again["layout"]), fresh=True)
    place = Place.from_plain(again["place"])
    if tokens(process, heap, place) != again["tokens"]:
        return None
    # With the mappings that were, no thread and no addon has come.
    if process.maps_digest == again["digest"]:
        return cast("Plain", again)
    if threads_and_addons(process) != again["threads"]:
        return None
    return {**again, "digest": process.maps_digest}


def changed(process: Process, again: Any) -> Plain:  # noqa: ANN401 - decoded JSON
    """The state with which to read again: what is where it was is not searched for anew.

    New ES modules are found only by a search; new threads can have other maps, too.
    """
    if again["until"] is not None or threads_and_addons(process) != again["threads"]:
        return None
    place = Place.from_plain(again["place"])
    now = tokens(process, Heap(process, Layout(*again["layout"]), fresh=True), place)
    count = len(place.isolates)
    if now is not None and now[:count] == again["tokens"][:count]:
        return {"place": again["place"]}
    return {"place": Place(place.sets).plain()}


def _find(
    process: Process, heap: Heap, budget: Budget, place: Place, known: dict[str, Any]
) -> Loaded | Pending:
    if not find(process, heap, budget, place):
        return Pending({**known, "place": place.plain()})
    return _read(process, heap, budget, place, known)


def _read(
    process: Process, heap: Heap, budget: Budget, place: Place, known: dict[str, Any]
) -> Loaded | Pending:
    """The tokens are of the start: what is loaded while we read changes them."""
    reading = Reading(process, heap.renewed(), place, known.get("reading"))
    if not reading.run(budget):
        return Pending({**known, "place": place.plain(), "reading": reading.plain()})
    lost = known.get("lost", 0)
    if lost < (MAX_LOST if reading.lost else MAX_MISSING if reading.missing else 0):
        anew = Place(place.sets, wide=place.wide or reading.missing)
        return Pending({"place": anew.plain(), "lost": lost + 1})
    again: Plain = None
    if reading.settled and not reading.lost:
        again = {
            "layout": list(heap.layout),
            "place": place.plain(),
            "tokens": reading.told(),
            "threads": threads_and_addons(process),
            "digest": process.maps_digest,
            "until": process.at + RENEW if reading.bare else None,
        }
    gaps = reading.gaps() + ([(reasons.CACHE_TORN, "")] if reading.lost else [])
    return Loaded(reading.modules(), gaps, process.at, len(place.isolates), again)
