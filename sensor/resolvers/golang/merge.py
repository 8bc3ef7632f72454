"""The facts of several Go files in one process as one answer: no package is told twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sensor.model.finding import Coverage, Finding, State
from sensor.resolvers.golang.facts import RUNTIME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.model.finding import Package

# What is known for sure goes before what is not.
_ORDER = (State.LOADED, State.NOT_OBSERVED, State.UNKNOWN)


def merged(findings: Sequence[Finding]) -> Finding:
    """All of them; the first is that of the program, if it is Go."""
    packages: dict[str, Package] = {}
    for finding in findings:
        for package in finding.packages:
            known = packages.get(package.purl)
            packages[package.purl] = _both(known, package) if known else package
    coverages = [finding.coverage for finding in findings if finding.coverage]
    gaps = dict.fromkeys(gap for finding in findings for gap in finding.gaps)
    coverage = Coverage(
        RUNTIME,
        complete=all(each.complete for each in coverages),
        since=min(each.since for each in coverages),
        how="; ".join(dict.fromkeys(each.how for each in coverages)),
    )
    return Finding(tuple(packages.values()), tuple(gaps), coverage)


def _both(one: Package, other: Package) -> Package:
    """A package that is in two files: the stronger state, what is linked in either."""
    strong, weak = sorted((one, other), key=lambda package: _ORDER.index(package.state))
    if strong.state is not weak.state:
        return strong
    subpaths = sorted({*(one.subpaths or ()), *(other.subpaths or ())})
    evidence = tuple(dict.fromkeys((*one.evidence, *other.evidence)))
    aliases = tuple(dict.fromkeys((*one.aliases, *other.aliases)))
    return replace(one, subpaths=tuple(subpaths), evidence=evidence, aliases=aliases)
