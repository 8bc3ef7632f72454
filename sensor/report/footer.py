"""The honest end of a table: what was read, what was not, and the one thing that would fix it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensor.model.finding import State
from sensor.model.seen import Outcome
from sensor.report.text import numbers, plural, printable, wrapped
from sensor.resolvers.unsupported import TITLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.report.summary import GapCount, Summary

# Of more processes than these the pids are counted, not listed.
MAX_PIDS = 12
# Gaps of the process as a whole that have a line of their own.
OWN_LINE = {"process ended", "not permitted"}


# What would let us read the rest: the one thing, for an ordinary user and for root.
FIX = "Run it as root to read them: sudo runtime-sensor scan."
FIX_ROOT = (
    "Root is refused here: it lacks the capability SYS_PTRACE, or a security module or a user "
    "namespace forbids it. In Kubernetes give the pod SYS_PTRACE, DAC_READ_SEARCH and an "
    "unconfined AppArmor profile."
)


def footer(
    summary: Summary, *, seconds: float, columns: int | None, root: bool = False
) -> Iterator[str]:
    """Lines below the table, at most `columns` wide where they can be.

    `root` says whether we are root already: the way to see more is another then.
    """
    for line in _lines(summary, seconds, FIX_ROOT if root else FIX):
        yield from wrapped(line, columns)


def _lines(summary: Summary, seconds: float, fix: str) -> Iterator[str]:
    read = plural(summary.outcomes[Outcome.READ], "process", "processes")
    yield f"Read {read} in {seconds:.1f} s: {_read(summary)}."
    yield f"Packages: {_packages(summary)}."
    if summary.incomplete:
        yield f"Coverage incomplete: {_of_runtimes(summary.incomplete)}."
    yield from _gaps(summary)
    yield from _not_read(summary, fix)


def _read(summary: Summary) -> str:
    parts = [f"{name} {len(pids)}" for name, pids in sorted(summary.runtimes.items())]
    if summary.unsupported:
        members = {pid for pids in summary.unsupported.values() for pid in pids}
        parts.append(f"not supported yet {len(members)}")
    if summary.without_runtime:
        parts.append(f"no runtime that is known here {summary.without_runtime}")
    return ", ".join(parts) or "nothing"


def _packages(summary: Summary) -> str:
    counts = [(state.value.replace("_", " "), summary.packages[state]) for state in State]
    counted = [f"{count} {word}" for word, count in counts if count]
    return (", ".join(counted) or "none") + ", counted in each process"


def _gaps(summary: Summary) -> Iterator[str]:
    shown = [(key, gap) for key, gap in sorted(summary.gaps.items()) if key[1] not in OWN_LINE]
    if shown:
        yield "What is not known:"
    for (runtime, reason), gap in shown:
        where = f"{runtime}: " if runtime else ""
        yield f"  {printable(where + reason)}: {_times(gap)}{_example(gap)}"


def _times(gap: GapCount) -> str:
    times = f"{gap.count} times in " if gap.count > len(gap.pids) else ""
    return times + _pids(list(gap.pids))


def _example(gap: GapCount) -> str:
    details = [printable(detail) for detail in gap.details if detail]
    return f" (for example {details[0]})" if details else ""


def _not_read(summary: Summary, fix: str) -> Iterator[str]:
    for name, pids in sorted(summary.unsupported.items()):
        yield f"Not supported yet: {TITLES.get(name, name)}: {_pids(pids)}."
    refused = summary.pids.get(Outcome.NOT_PERMITTED)
    if refused:
        yield f"Could not be read: {_pids(refused)}: not permitted. {fix}"
    ended = summary.pids.get(Outcome.ENDED)
    if ended:
        yield f"Ended while we looked: {_pids(ended)}."


def _pids(pids: list[int]) -> str:
    count = plural(len(pids), "process", "processes")
    return f"{count} (pid {numbers(pids)})" if len(pids) <= MAX_PIDS else count


def _of_runtimes(pids: dict[str, list[int]]) -> str:
    return ", ".join(f"{name} {_pids(members)}" for name, members in sorted(pids.items()))
