"""What is known, per container and over time; and the report that is made of it.

Pure: findings and the ends of processes come in, a Batch comes out. A loaded package stays for the
life of its container, also when the process that had it was short: that is the answer to "does this
container use it".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sensor.model.batch import Batch, Loaded, Place
from sensor.model.finding import Gap, State
from sensor.place import Known, Part, part_of
from sensor.strongest import key_of, merged, new_fact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sensor.model.container import Container
    from sensor.model.finding import Finding, Package
    from sensor.model.process import ProcessKey
    from sensor.model.workload import Pod
    from sensor.strongest import FactKey

# A node runs up to 250 pods (the most that any provider allows) with a few containers each.
MAX_PLACES: Final = 1024
# 850 bytes each with two evidences (measured): 34 MB. A large Java service has some 500 packages, a
# Python one 150; a node of 250 containers, then, 40,000.
MAX_FACTS: Final = 40_000
# A container is gone when it has no process for so long: its next one may only not be seen yet.
LINGER_SECONDS: Final = 120.0
# The name of the part that is about the process as a whole; no resolver is called so.
WHOLE: Final = ""


class Inventory:
    """All places. `revision` grows whenever a report would say something new."""

    def __init__(self, max_places: int = MAX_PLACES, max_facts: int = MAX_FACTS) -> None:
        """Begin with nothing."""
        self._max_places = max_places
        self._max_facts = max_facts
        self._places: dict[str | None, Known] = {}
        self._place_of: dict[ProcessKey, Known] = {}
        self._facts = 0
        self._full = False
        self._own_gaps: tuple[Gap, ...] = ()
        self.revision = 0

    def looked(
        self, key: ProcessKey, container: Container, name: str, finding: Finding, at: float
    ) -> None:
        """A resolver has finished a look at a process of a container."""
        place = self._place(key, container, at)
        if place is None:
            return
        loaded = [package for package in finding.packages if package.state is State.LOADED]
        added = {self._add(place, package, at) for package in loaded}
        before = place.processes[key].get(name)
        part = part_of(finding, frozenset(one for one in added if one), at, before)
        self._replace(place, key, name, part)

    def still(self, key: ProcessKey, names: Iterable[str], at: float) -> None:
        """Resolvers say the same of this process as last time."""
        parts = self._parts(key)
        for name in names:
            if name in parts:
                parts[name].at = at

    def only(self, key: ProcessKey, names: Iterable[str]) -> None:
        """No other resolver than these has anything to say of the process (any more)."""
        parts = self._parts(key)
        for name in parts.keys() - set(names):
            self._place_of[key].keep(parts.pop(name))

    def became(self, key: ProcessKey) -> None:
        """The process runs another program: what was said of the one before ends."""
        self.only(key, ())

    def trouble(self, key: ProcessKey, container: Container, gap: Gap, at: float) -> None:
        """The process as a whole could not be read, and why."""
        place = self._place(key, container, at)
        if place is not None:
            self._replace(place, key, WHOLE, Part(gaps=(gap,), at=at))

    def read(self, key: ProcessKey) -> None:
        """The process could be read: what `trouble` said is over."""
        if self._parts(key).pop(WHOLE, None):
            self.revision += 1

    def ended(self, key: ProcessKey, at: float) -> None:
        """The process is no more: what it had loaded stays."""
        self.only(key, ())
        place = self._place_of.pop(key, None)
        if place is not None:
            del place.processes[key]
            if not place.processes:
                place.ended_at = at

    def own_gaps(self, gaps: tuple[Gap, ...]) -> None:
        """What the sensor itself could not do: events lost, processes left out."""
        if gaps != self._own_gaps:
            self._own_gaps = gaps
            self.revision += 1

    def batch(
        self,
        at: float,
        deployed: tuple[Pod, ...] = (),
        place_of: Callable[[Container], Place | None] = lambda container: Place(container.id),
    ) -> Batch:
        """The report of now.

        Left out are places of which `place_of` says None (nothing may be said of them, or not yet),
        and those whose pod's workload is not among the deployed.
        """
        workloads = {pod.workload for pod in deployed}
        loaded = []
        for known in self._places.values():
            place = place_of(known.container)
            known.reportable = place is not None and (
                place.pod is None or place.pod.workload in workloads
            )
            if place is not None and known.reportable:
                loaded.append(known.loaded(place))
        return Batch(at, deployed, (*loaded, *self._own()))

    def accepted(self, batch: Batch) -> None:
        """A report has arrived: containers that are gone, and were part of it, are forgotten."""
        there = {one.place.container_id for one in batch.loaded}
        running = {container.id for pod in batch.deployed for container in pod.containers}
        for place_id, known in list(self._places.items()):
            gone = known.ended_at is not None and batch.at - known.ended_at >= LINGER_SECONDS
            if gone and place_id not in running and (place_id in there or not known.reportable):
                self._forget(place_id)

    def _own(self) -> Iterator[Loaded]:
        gaps = self._own_gaps
        if self._full:
            most = f"more than {self._max_facts} facts or {self._max_places} containers"
            gaps += (Gap("", "inventory full", f"{most}: some are left out"),)
        if gaps:
            yield Loaded(Place(None), (), gaps=gaps)

    def _replace(self, place: Known, key: ProcessKey, name: str, part: Part) -> None:
        """Put in a part, and see whether that is news."""
        parts = place.processes[key]
        before = parts.get(name)
        if before and before.said() == part.said():
            place.keep_times(before)
            parts[name] = part
            return
        besides = place.besides()
        if before:
            place.keep_times(before)
        parts[name] = part
        self.revision += besides != place.besides()

    def _add(self, place: Known, package: Package, at: float) -> FactKey | None:
        """Add a loaded package; its key, None when there is no room."""
        key = key_of(package)
        old = place.facts.get(key)
        if old is None and not self._room(place):
            return None
        new = merged(old, package, at) if old else new_fact(package, at)
        self.revision += old is None or new.package is not old.package
        self._facts += old is None
        place.facts[key] = new
        return key

    def _room(self, place: Known) -> bool:
        """Whether there is room for one more fact, perhaps by forgetting another place."""
        while self._facts >= self._max_facts:
            if not self._forget_an_ended(place):
                self._full = True
                return False
        return True

    def _place(self, key: ProcessKey, container: Container, at: float) -> Known | None:
        """The place of a process; None when there is no room for another one."""
        if key in self._place_of and self._place_of[key].container.id != container.id:
            self.ended(key, at)  # it was moved to another container since
        place = self._places.get(container.id)
        if place is None:
            if len(self._places) >= self._max_places and not self._forget_an_ended(None):
                self._full = True
                return None
            place = self._places[container.id] = Known(container)
        place.ended_at = None
        place.processes.setdefault(key, {})
        self._place_of[key] = place
        return place

    def _forget_an_ended(self, but: Known | None) -> bool:
        """Forget the container that ended first, reported or not."""
        ended = [
            (known.ended_at, number, place_id)
            for number, (place_id, known) in enumerate(self._places.items())
            if known.ended_at is not None and known is not but
        ]
        if ended:
            self._forget(min(ended)[2])
        return bool(ended)

    def _forget(self, place_id: str | None) -> None:
        self._facts -= len(self._places.pop(place_id).facts)
        self.revision += 1

    def _parts(self, key: ProcessKey) -> dict[str, Part]:
        place = self._place_of.get(key)
        return place.processes[key] if place else {}
