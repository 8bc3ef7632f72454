"""What is known of one place (a container, or the host): over time, and of its living processes.

Pure, and bounded. Loaded facts stay as long as the place; what else is said of packages holds only
as long as the process it was said of, except that a doubt (`unknown`) outlives its process.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from sensor.model.batch import Fact, Loaded, Place
from sensor.model.finding import Coverage, Finding, Gap, State
from sensor.strongest import FactKey, key_of, merged, new_fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.model.container import Container
    from sensor.model.process import ProcessKey

# Of one place. So many different gaps tell nothing more to anybody.
MAX_GAPS: Final = 50
MAX_COVERAGES: Final = 50
# Of one process: packages that are not loaded, or not known to be. Go modules reach 500.
MAX_OTHERS: Final = 2000

CoverageKind = tuple[str, bool, str]


@dataclass(slots=True)
class Part:
    """What one resolver said of one process, last at `at`.

    `loaded` are keys of facts of the place, `others` the packages that are not loaded.
    """

    loaded: frozenset[FactKey] = frozenset()
    others: dict[FactKey, Fact] = field(default_factory=dict)
    coverage: Coverage | None = None
    gaps: tuple[Gap, ...] = ()
    at: float = 0.0

    def said(self) -> tuple[object, ...]:
        """What is news when it differs; times are not."""
        return (
            self.loaded,
            _states(self.others),
            self.coverage and kind_of(self.coverage),
            self.gaps,
        )


def part_of(
    finding: Finding, loaded: frozenset[FactKey], at: float, before: Part | None = None
) -> Part:
    """The part that a finding makes, after the one of the look before."""
    known = before.others if before else {}
    others: dict[FactKey, Fact] = {}
    left_out = 0
    for package in finding.packages:
        key = key_of(package)
        if package.state is State.LOADED or key in others:
            continue
        if len(others) >= MAX_OTHERS:
            left_out += 1
            continue
        fact = new_fact(package, at)
        others[key] = replace(fact, first_seen=known[key].first_seen) if key in known else fact
    gaps = finding.gaps
    if left_out:
        gaps += (Gap("", "too many packages", f"{left_out} that are not loaded are left out"),)
    return Part(loaded, others, finding.coverage, gaps, at)


@dataclass(slots=True)
class Known:
    """All of one place. `ended_at` is when its last process was gone, None while one lives."""

    container: Container
    facts: dict[FactKey, Fact] = field(default_factory=dict)
    processes: dict[ProcessKey, dict[str, Part]] = field(default_factory=dict)
    doubts: dict[FactKey, Fact] = field(default_factory=dict)
    coverages: dict[CoverageKind, Coverage] = field(default_factory=dict)
    gaps: dict[Gap, None] = field(default_factory=dict)
    ended_at: float | None = None
    reportable: bool = True

    def parts(self) -> Iterator[Part]:
        """All parts of all living processes."""
        for parts in self.processes.values():
            yield from parts.values()

    def keep(self, part: Part) -> None:
        """Remember of a part that ends what outlives it."""
        self.keep_times(part)
        for key, fact in part.others.items():
            if fact.package.state is State.UNKNOWN and len(self.doubts) < MAX_OTHERS:
                old = self.doubts.get(key)
                self.doubts[key] = merged(old, fact.package, part.at) if old else fact
        if part.coverage and len(self.coverages) < MAX_COVERAGES:
            self.coverages[kind_of(part.coverage)] = part.coverage
        for gap in part.gaps:
            if len(self.gaps) < MAX_GAPS:
                self.gaps[gap] = None

    def keep_times(self, part: Part) -> None:
        """Write down when the packages of a part were seen last."""
        for key in part.loaded:
            if part.at > self.facts[key].last_seen:
                self.facts[key] = replace(self.facts[key], last_seen=part.at)

    def besides(self) -> tuple[object, ...]:
        """What a report says of this place besides its loaded facts; times left out."""
        return _states(self._others()), set(self._kinds()), set(self._gaps())

    def loaded(self, place: Place) -> Loaded:
        """The report of this place."""
        for part in self.parts():
            self.keep_times(part)
        others = {key: fact for key, fact in self._others().items() if key not in self.facts}
        gaps = self._gaps()
        if len(gaps) > MAX_GAPS:
            more = Gap("", "more gaps", f"{len(gaps) - MAX_GAPS} are not shown")
            gaps = [*gaps[:MAX_GAPS], more]
        return Loaded(
            place,
            (*self.facts.values(), *others.values()),
            tuple(self._kinds().values())[:MAX_COVERAGES],
            tuple(gaps),
            tuple(sorted(self.processes)),
        )

    def _others(self) -> dict[FactKey, Fact]:
        """What is said of packages that are not loaded: a doubt outweighs a denial."""
        found = dict(self.doubts)
        for part in self.parts():
            for key, fact in part.others.items():
                old = found.get(key)
                new = merged(old, fact.package, part.at) if old else fact
                first = min(new.first_seen, fact.first_seen)
                found[key] = replace(new, first_seen=first, last_seen=max(part.at, new.last_seen))
        return found

    def _kinds(self) -> dict[CoverageKind, Coverage]:
        """One of each kind; its time is that of the process that was read longest ago."""
        kinds: dict[CoverageKind, Coverage] = {}
        for part in self.parts():
            if part.coverage:
                kind = kind_of(part.coverage)
                if kind not in kinds or part.coverage.since < kinds[kind].since:
                    kinds[kind] = part.coverage
        return kinds | {kind: one for kind, one in self.coverages.items() if kind not in kinds}

    def _gaps(self) -> list[Gap]:
        gaps = dict(self.gaps)
        for part in self.parts():
            gaps |= dict.fromkeys(part.gaps)
        return list(gaps)


def kind_of(coverage: Coverage) -> CoverageKind:
    """What tells coverages apart in a report: all but the time."""
    return coverage.runtime, coverage.complete, coverage.how


def _states(others: dict[FactKey, Fact]) -> dict[FactKey, tuple[State, str | None]]:
    return {key: (fact.package.state, fact.package.reason) for key, fact in others.items()}
