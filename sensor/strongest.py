"""Two sights of one package become one fact: the strongest evidence is kept, the deepest depth.

Pure. A container has many processes and lives long, so what is kept of each package is bounded.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sensor.model.batch import Fact
from sensor.model.finding import Depth, State

if TYPE_CHECKING:
    from sensor.model.finding import Evidence, Package

# One of each kind is enough to check a fact; more only repeat it for other processes.
MAX_EVIDENCE: Final = 4
# A large Go program links some 300 packages of one module.
MAX_SUBPATHS: Final = 2000
MAX_ALIASES: Final = 16

# A package is one thing in a container by these: runtime, purl, and the carrier of a copy.
FactKey = tuple[str, str, str]

_DEPTHS: Final = {None: 0, Depth.OPENED: 1, Depth.LOADED: 2, Depth.INITIALIZED: 3}
# Of what is not loaded: one process that may have it outweighs another that has it not.
_STATES: Final = {State.NOT_OBSERVED: 0, State.UNKNOWN: 1, State.LOADED: 2}


def key_of(package: Package) -> FactKey:
    """What a package is told apart by within one container."""
    return package.runtime, package.purl, package.inside or ""


def new_fact(package: Package, at: float) -> Fact:
    """The first sight of a package."""
    return Fact(_bounded(package), at, at)


def merged(fact: Fact, package: Package, at: float) -> Fact:
    """One more sight of it. Answers the same `package` object when nothing is new."""
    first, last = min(fact.first_seen, at), max(fact.last_seen, at)
    return Fact(strongest(fact.package, package), first, last)


def strongest(old: Package, new: Package) -> Package:
    """What both say together; `old` itself when `new` adds nothing."""
    if _rank(new) > _rank(old):
        return _with(_bounded(new), old)
    return _with(old, new)


def _rank(package: Package) -> tuple[int, int]:
    return _STATES[package.state], _DEPTHS[package.depth]


def _with(base: Package, other: Package) -> Package:
    """The base, and what the other one adds to it. Evidence of a weaker state proves nothing."""
    more: dict[str, object] = {}
    if base.state is other.state:
        evidence = _evidence(base.evidence, other.evidence)
        if evidence != base.evidence:
            more["evidence"] = evidence
        if other.subpaths is not None and not set(other.subpaths) <= set(base.subpaths or ()):
            more["subpaths"] = _union(base.subpaths, other.subpaths, MAX_SUBPATHS)
    if not set(other.aliases) <= set(base.aliases) and len(base.aliases) < MAX_ALIASES:
        more["aliases"] = _union(base.aliases, other.aliases, MAX_ALIASES)
    if len(other.inferred) < len(base.inferred):  # of one purl: what one infers the other has read
        more |= {"identity": other.identity, "inferred": other.inferred}
    return replace(base, **more) if more else base  # type: ignore[arg-type]


def _evidence(base: tuple[Evidence, ...], other: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    kinds = {one.kind for one in base}
    added = [one for one in other if one.kind not in kinds]
    return tuple(_interned(one) for one in (*base, *added)[:MAX_EVIDENCE]) if added else base


def _union(base: tuple[str, ...] | None, other: tuple[str, ...], most: int) -> tuple[str, ...]:
    return tuple(sorted({*(base or ()), *other})[:most])


def _bounded(package: Package) -> Package:
    """The package with bounded lists; equal texts of many containers share their memory."""
    return replace(
        package,
        purl=sys.intern(package.purl),
        name=sys.intern(package.name),
        version=package.version and sys.intern(package.version),
        runtime=sys.intern(package.runtime),
        evidence=tuple(_interned(one) for one in package.evidence[:MAX_EVIDENCE]),
        subpaths=package.subpaths and tuple(map(sys.intern, package.subpaths[:MAX_SUBPATHS])),
        aliases=package.aliases[:MAX_ALIASES],
        identity=sys.intern(package.identity),
    )


def _interned(one: Evidence) -> Evidence:
    return replace(
        one,
        kind=sys.intern(one.kind),
        source=sys.intern(one.source),
        path=sys.intern(one.path),
        detail=sys.intern(one.detail),
    )
