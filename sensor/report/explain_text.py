"""The answer of --explain for people: each process with its verdict, all evidence and coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensor.model.finding import State
from sensor.report.explain import COVERAGE
from sensor.report.table import container_title, group_title, state_of
from sensor.report.text import moment, printable, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.model.finding import Coverage, Evidence, Finding, Package
    from sensor.report.explain import Types
    from sensor.report.groups import Group, Groups
    from sensor.report.match import Wanted

SHALLOW = " " * 2
DEEP = " " * 4
DEEPER = " " * 6
# A gap's details can be many; the facts hold them all.
MAX_GAPS = 20


def explain_text(
    wanted: Wanted, groups: Groups, types: Types, *, columns: int | None
) -> Iterator[str]:
    """Lines of the answer, at most `columns` wide where they can be."""
    for line in _lines(wanted, groups, types):
        yield from wrapped(line, columns)


def _lines(wanted: Wanted, groups: Groups, types: Types) -> Iterator[str]:
    yield printable(wanted.text)
    found = groups.by_container()
    if not found:
        yield SHALLOW + _nowhere(wanted, types)
    for container, members in found:
        yield container_title(container)
        for group in members:
            yield from _group(group)


def _nowhere(wanted: Wanted, types: Types) -> str:
    runtimes = [name for name, known in types.items() if wanted.type in known]
    if not runtimes:
        return f"no runtime that is known here has packages of type {printable(wanted.type)}"
    return f"no process of this runtime was read ({', '.join(runtimes)})"


def _group(group: Group) -> Iterator[str]:
    yield SHALLOW + group_title(group)
    for finding in group.first.findings.values():
        for package in finding.packages:
            yield from _package(package)
        if finding.coverage:
            yield DEEP + _coverage(finding.coverage)
        yield from _gaps(finding)


def _package(package: Package) -> Iterator[str]:
    reason = f" ({printable(package.reason or '')})" if package.state is State.UNKNOWN else ""
    yield f"{DEEP}{state_of(package)}{reason}: {printable(package.purl)}"
    if package.inside:
        yield f"{DEEPER}inside {printable(package.inside)}"
    if package.subpaths:
        parts = ", ".join(part or "(root)" for part in package.subpaths)
        yield f"{DEEPER}linked: {printable(parts)}"
    if package.aliases:
        yield f"{DEEPER}also known as {printable(', '.join(package.aliases))}"
    if package.identity:
        yield f"{DEEPER}known by {printable(package.identity)}"
    if package.inferred:
        yield f"{DEEPER}inferred, not certain: {printable(', '.join(package.inferred))}"
    if package.sha1:
        yield f"{DEEPER}SHA-1 {printable(package.sha1)}"
    for evidence in package.evidence:
        if evidence.kind != COVERAGE:  # the line below says it
            yield DEEPER + _evidence(evidence)


def _evidence(evidence: Evidence) -> str:
    words = (evidence.kind, f"({evidence.source})", evidence.path, evidence.detail)
    return f"{printable(' '.join(word for word in words if word))}, {moment(evidence.at)}"


def _coverage(coverage: Coverage) -> str:
    word = "complete" if coverage.complete else "incomplete"
    how = printable(coverage.how)
    return f"coverage of {printable(coverage.runtime)}: {word}, {how}, {moment(coverage.since)}"


def _gaps(finding: Finding) -> Iterator[str]:
    for gap in finding.gaps[:MAX_GAPS]:
        yield f"{DEEP}gap: {printable(gap.reason)}: {printable(gap.detail)}"
    if len(finding.gaps) > MAX_GAPS:
        yield f"{DEEP}and {len(finding.gaps) - MAX_GAPS} gaps more (--format json has all)"
