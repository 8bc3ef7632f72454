"""Many processes of one program that say the same are one group: forked workers, for example.

Groups keep the first process of each kind only: a thousand equal workers cost what one does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensor.model.seen import Outcome
from sensor.resolvers.ospkg import OSPKG
from sensor.resolvers.unsupported import REASON

if TYPE_CHECKING:
    from collections.abc import Hashable

    from sensor.model.container import Container
    from sensor.model.finding import Package
    from sensor.model.seen import Seen


@dataclass(frozen=True, slots=True)
class Group:
    """Equal processes: the first one as it was seen, and the pids of all."""

    first: Seen
    pids: list[int]


@dataclass(slots=True)
class Groups:
    """The groups of a scan, and the order to show them in."""

    _by_facts: dict[Hashable, Group] = field(default_factory=dict)

    def add(self, seen: Seen) -> None:
        """Put one process into its group."""
        self._by_facts.setdefault(_facts(seen), Group(seen, [])).pids.append(seen.pid)

    def by_container(self) -> list[tuple[Container, list[Group]]]:
        """The host first, then containers by id, at last those that are not known."""
        found: dict[Container, list[Group]] = {}
        for group in self._by_facts.values():
            found.setdefault(group.first.container, []).append(group)
        ordered = sorted(found, key=lambda c: (not c.certain, c.id or "", c.pod_uid or ""))
        return [(container, sorted(found[container], key=_place)) for container in ordered]


def is_read(group: Group) -> bool:
    """Whether a runtime was found in it that we can read; that OS packages are is no runtime."""
    return group.first.outcome is Outcome.READ and any(
        name != OSPKG.name and all(gap.reason != REASON for gap in finding.gaps)
        for name, finding in group.first.findings.items()
    )


def _known(package: Package) -> Hashable:
    return package.identity, package.inferred, package.sha1


def _place(group: Group) -> tuple[str, str, int]:
    return group.first.exe, group.first.script, min(group.pids)


def _facts(seen: Seen) -> Hashable:
    """What must be equal; when it was seen and where in memory does not count."""
    packages = tuple(
        (p.purl, p.state, p.depth, p.reason, p.inside, p.subpaths, p.aliases, _known(p))
        for p in seen.packages()
    )
    coverages = tuple((c.runtime, c.complete, c.how) for c in seen.coverages())
    gaps = tuple((gap.runtime, gap.reason) for gap in seen.all_gaps())
    container = seen.container
    program = (seen.exe, seen.script, seen.outcome)
    return container, program, frozenset(packages), coverages, frozenset(gaps)
