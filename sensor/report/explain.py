"""Why, or why not: the verdict on one package in each process that could hold it.

A package that nobody named is `not_observed` only where complete coverage proves it; else it is
`unknown`, with the reason. The lines for people are in `explain_text`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from sensor.model.finding import Evidence, Finding, Package, State
from sensor.resolvers.ospkg import OSPKG

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sensor.model.finding import Coverage
    from sensor.model.seen import Seen
    from sensor.report.match import Wanted

# Purl types of each resolver by its name. Its coverage speaks for the first: it sees all packages
# of that type, and of the others only those that happen to hold code of its runtime.
Types = Mapping[str, tuple[str, ...]]
# The kind of evidence that says: we looked everywhere, and it was not there.
COVERAGE = "coverage"
UNSURE_GROUP = "an artifact of this name is here, its group is not certain"


def explained(wanted: Wanted, seen: Seen, types: Types) -> Seen | None:
    """The process with verdicts in place of its packages; None when this is not its affair."""
    findings = {
        name: replace(finding, packages=tuple(_verdicts(wanted, finding, coverage, known)))
        for name, finding in seen.findings.items()
        if (coverage := finding.coverage)
        and _concerns(wanted, finding, known := types.get(name, ()))
    }
    return replace(seen, findings=findings) if findings else None


def _concerns(wanted: Wanted, finding: Finding, types: tuple[str, ...]) -> bool:
    return wanted.type in types or any(map(wanted.names, finding.packages))


def _verdicts(
    wanted: Wanted, finding: Finding, coverage: Coverage, types: tuple[str, ...]
) -> Iterator[Package]:
    named = [package for package in finding.packages if wanted.names(package)]
    fitting = [package for package in named if wanted.fits(package)]
    incomplete = "" if coverage.complete else _incomplete(finding)
    if fitting:
        yield from (_part(wanted, package, incomplete) for package in fitting)
    elif any(package.version is None for package in named):
        yield _absent(wanted, coverage, "it is here, but its version is not known", named)
    elif not named and any(map(wanted.could_be, finding.packages)):
        yield _absent(wanted, coverage, UNSURE_GROUP)
    else:
        # dpkg installs one version of a package: where another is loaded, this one is not.
        elsewhere = bool(named) and coverage.runtime == OSPKG.name
        doubt = incomplete or ("" if elsewhere else _other_type(wanted, coverage, types))
        yield _absent(wanted, coverage, doubt, named)


def _part(wanted: Wanted, package: Package, doubt: str) -> Package:
    """The package itself, or what is to be said of the part of it that was asked for."""
    if package.state is not State.LOADED or wanted.has_subpath(package):
        return package
    if package.subpaths is None or doubt:
        reason = doubt or "its parts are not told apart"
        return replace(package, state=State.UNKNOWN, depth=None, reason=reason)
    return replace(package, state=State.NOT_OBSERVED, depth=None)


def _incomplete(finding: Finding) -> str:
    reasons = dict.fromkeys(gap.reason for gap in finding.gaps)
    return f"coverage incomplete: {', '.join(reasons) or 'no reason is told'}"


def _other_type(wanted: Wanted, coverage: Coverage, types: tuple[str, ...]) -> str:
    if coverage.runtime == OSPKG.name:
        # What it installs may be read and closed again, or be read by an interpreter.
        return "only packages with mapped programs or libraries are seen"
    if types[:1] == (wanted.type,):
        return ""
    return f"of type {wanted.type} only packages with {coverage.runtime} code are seen"


def _absent(
    wanted: Wanted, coverage: Coverage, doubt: str, named: Sequence[Package] = ()
) -> Package:
    package = Package(
        wanted.text,
        wanted.name.rpartition("/")[2],
        wanted.version,
        coverage.runtime,
        State.NOT_OBSERVED,
        evidence=(
            Evidence(COVERAGE, "scan", "", coverage.how, coverage.since),
            *_others(named, coverage.since),
        ),
    )
    if doubt:
        return replace(package, state=State.UNKNOWN, reason=doubt, evidence=())
    return package


def _others(named: Sequence[Package], since: float) -> Iterator[Evidence]:
    """What is there in place of the version that was asked for."""
    for package in named:
        detail = f"{package.purl} is {package.state.value.replace('_', ' ')} here"
        yield Evidence("other version", "scan", "", detail, since)
