"""Why, or why not: the verdict on one package in each process that could hold it.

A package that nobody named is `not_observed` only where complete coverage proves it; else it is
`unknown`, with the reason. The lines for people are in `explain_text`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from sensor.model.finding import Evidence, Finding, Package, State
from sensor.report.match import version_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.model.finding import Coverage
    from sensor.model.seen import Seen
    from sensor.report.match import Wanted

# Purl types of each resolver by its name. Its coverage speaks for the first: it sees all packages
# of that type, and of the others only those that happen to hold code of its runtime.
Types = Mapping[str, tuple[str, ...]]


def explained(wanted: Wanted, seen: Seen, types: Types) -> Seen | None:
    """The process with verdicts in place of its packages; None when this is not its affair."""
    findings = {
        name: replace(finding, packages=tuple(_verdicts(wanted, finding, types.get(name, ()))))
        for name, finding in seen.findings.items()
        if wanted.type in types.get(name, ()) or any(map(wanted.names, finding.packages))
    }
    return replace(seen, findings=findings) if findings else None


def _verdicts(wanted: Wanted, finding: Finding, types: tuple[str, ...]) -> Iterator[Package]:
    named = [package for package in finding.packages if wanted.names(package)]
    fitting = [package for package in named if wanted.fits(package)]
    if fitting:
        yield from (_part(wanted, package) for package in fitting)
    elif finding.coverage:
        yield _absent(wanted, finding, finding.coverage, types, named)


def _part(wanted: Wanted, package: Package) -> Package:
    """The package itself, or what is to be said of the part of it that was asked for."""
    if package.state is not State.LOADED or wanted.has_subpath(package):
        return package
    if package.subpaths is None:
        reason = "its parts are not told apart"
        return replace(package, state=State.UNKNOWN, depth=None, reason=reason)
    return replace(package, state=State.NOT_OBSERVED, depth=None)


def _absent(
    wanted: Wanted,
    finding: Finding,
    coverage: Coverage,
    types: tuple[str, ...],
    named: list[Package],
) -> Package:
    reason = _doubt(finding, coverage, wanted, types, named)
    name = wanted.name.rpartition("/")[2]
    if reason:
        state = State.UNKNOWN
        return Package(wanted.text, name, wanted.version, coverage.runtime, state, reason=reason)
    proof = Evidence("coverage", "scan", "", _seen_instead(coverage, named), coverage.since)
    state = State.NOT_OBSERVED
    return Package(wanted.text, name, wanted.version, coverage.runtime, state, evidence=(proof,))


def _doubt(
    finding: Finding,
    coverage: Coverage,
    wanted: Wanted,
    types: tuple[str, ...],
    named: list[Package],
) -> str:
    """Why its absence proves nothing; empty when it does."""
    if any(package.version is None for package in named):
        return "loaded here, but its version is not known"
    if not coverage.complete:
        reasons = ", ".join(dict.fromkeys(gap.reason for gap in finding.gaps))
        return f"coverage incomplete: {reasons or coverage.how}"
    if types[:1] != (wanted.type,):
        return f"of type {wanted.type} only packages with {coverage.runtime} code are seen"
    return ""


def _seen_instead(coverage: Coverage, named: list[Package]) -> str:
    others = ", ".join(str(version_of(package.purl)) for package in named)
    return f"{coverage.how}; other version here: {others}" if others else coverage.how
