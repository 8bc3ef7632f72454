"""The word for one process of a scan: what became of it, and what was found in it. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from sensor.model.container import UNKNOWN, Container

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sensor.model.finding import Coverage, Finding, Gap, Package


class Outcome(StrEnum):
    """What became of the try to read a process."""

    READ = "read"
    ENDED = "ended"
    NOT_PERMITTED = "not_permitted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Seen:
    """One process of a scan.

    `start_ticks` is that of its ProcessKey, None when not even that could be read. `exe` and
    `script` are what `Process.exe` and `Arguments.script` say, empty when it was not opened.
    `findings` are by resolver name; `gaps` are those of the process as a whole, with an empty
    runtime: why it was not read, or that its container is not known.
    """

    pid: int
    start_ticks: int | None
    outcome: Outcome
    container: Container = UNKNOWN
    exe: str = ""
    script: str = ""
    findings: Mapping[str, Finding] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()

    def packages(self) -> Iterator[Package]:
        """All packages of all findings."""
        for finding in self.findings.values():
            yield from finding.packages

    def coverages(self) -> Iterator[Coverage]:
        """What was looked at, one for each runtime in it."""
        for finding in self.findings.values():
            if finding.coverage:
                yield finding.coverage

    def all_gaps(self) -> Iterator[Gap]:
        """The gaps of the process as a whole, then those of its findings."""
        yield from self.gaps
        for finding in self.findings.values():
            yield from finding.gaps
