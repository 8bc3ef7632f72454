"""What a scan did, counted: the last line of the wire, and the numbers of the footer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensor import __version__
from sensor.model.finding import State
from sensor.model.seen import Outcome
from sensor.report.facts import SCHEMA
from sensor.resolvers.ospkg import OSPKG
from sensor.resolvers.unsupported import REASON

if TYPE_CHECKING:
    from sensor.model.seen import Seen
    from sensor.report.facts import Line

# So many examples of each kind of gap are kept.
EXAMPLES = 3


@dataclass(slots=True)
class GapCount:
    """How often one reason came for one runtime, in which processes, and some particulars."""

    count: int = 0
    pids: set[int] = field(default_factory=set)
    details: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Summary:
    """Counts over all processes of a scan; add each one once."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    pids: dict[Outcome, list[int]] = field(default_factory=dict)
    runtimes: dict[str, list[int]] = field(default_factory=dict)
    incomplete: dict[str, list[int]] = field(default_factory=dict)
    unsupported: dict[str, list[int]] = field(default_factory=dict)
    packages: Counter[State] = field(default_factory=Counter)
    gaps: dict[tuple[str, str], GapCount] = field(default_factory=dict)
    containers: set[str] = field(default_factory=set)
    without_runtime: int = 0

    def add(self, seen: Seen) -> None:
        """Count one process."""
        self.outcomes[seen.outcome] += 1
        self.pids.setdefault(seen.outcome, []).append(seen.pid)
        if seen.container.certain and seen.container.id:
            self.containers.add(seen.container.id)
        self._add_coverage(seen)
        self.packages.update(package.state for package in seen.packages())
        for gap in seen.all_gaps():
            if gap.reason == REASON:
                continue
            counted = self.gaps.setdefault((gap.runtime, gap.reason), GapCount())
            counted.count += 1
            counted.pids.add(seen.pid)
            if len(counted.details) < EXAMPLES and gap.detail not in counted.details:
                counted.details.append(gap.detail)

    def _add_coverage(self, seen: Seen) -> None:
        known = False
        for name, finding in seen.findings.items():
            known |= name != OSPKG.name
            if any(gap.reason == REASON for gap in finding.gaps):
                self.unsupported.setdefault(name, []).append(seen.pid)
                continue
            self.runtimes.setdefault(name, []).append(seen.pid)
            if finding.coverage and not finding.coverage.complete:
                self.incomplete.setdefault(name, []).append(seen.pid)
        self.without_runtime += seen.outcome is Outcome.READ and not known

    def line(self, *, seconds: float, cpu_seconds: float, rss_bytes: int) -> Line:
        """The `summary` object; times are of this scan, memory is what we hold at its end."""
        return {
            "type": "summary",
            "schema": SCHEMA,
            "sensor_version": __version__,
            "processes": {outcome.value: self.outcomes[outcome] for outcome in Outcome},
            "without_runtime": self.without_runtime,
            "runtimes": _counts(self.runtimes),
            "incomplete": _counts(self.incomplete),
            "unsupported": _counts(self.unsupported),
            "containers": len(self.containers),
            "packages": {state.value: self.packages[state] for state in State},
            "gaps": [
                {"runtime": runtime or None, "reason": reason, "count": counted.count}
                for (runtime, reason), counted in sorted(self.gaps.items())
            ],
            "seconds": round(seconds, 3),
            "cpu_seconds": round(cpu_seconds, 3),
            "rss_bytes": rss_bytes,
        }


def _counts(pids: dict[str, list[int]]) -> dict[str, int]:
    return {name: len(members) for name, members in sorted(pids.items())}
