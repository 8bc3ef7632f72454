"""From named assemblies to packages: one for each name and version, with the evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensor.model import purl
from sensor.model.finding import Depth, Evidence, Gap, Package, State
from sensor.resolvers.dotnet.reasons import Reason
from sensor.resolvers.dotnet.sightings import COPIED, OPENED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensor.resolvers.dotnet.join import Named
    from sensor.resolvers.dotnet.sightings import Sighting

RUNTIME = "dotnet"
# A framework has a hundred files: so many of them are named.
MAX_EVIDENCE = 3
# How many names a gap shows of those that it counts.
SAMPLE = 5
_SOURCES = {OPENED: "descriptors", COPIED: "memory"}


@dataclass(slots=True)
class Drafts:
    """Packages in the making: the sighted files of each, and how it is named."""

    rows: dict[tuple[str, str | None], tuple[Named, list[Sighting]]] = field(default_factory=dict)

    def add(self, named: Named, sighting: Sighting) -> None:
        """One more file of a package."""
        key = named.name.lower(), named.version
        self.rows.setdefault(key, (named, []))[1].append(sighting)

    def packages(self, at: float, *, opened: Depth) -> tuple[Package, ...]:
        """All of them, by name; `opened` is what is known of a file by its descriptor."""
        rows = sorted(self.rows.items(), key=lambda row: (row[0][0], row[0][1] or ""))
        return tuple(_package(named, sightings, at, opened) for _, (named, sightings) in rows)

    def version(self, name: str) -> str | None:
        """The version of a package by its name, if it has one."""
        return next((v for n, v in self.rows if n == name.lower() and v), None)

    def gaps(self) -> list[tuple[Reason, str]]:
        """What they lack."""
        names = sorted(named.name for named, _ in self.rows.values() if named.version is None)
        return [(Reason.NO_VERSION, sample(names))] if names else []


def _package(named: Named, sightings: list[Sighting], at: float, opened: Depth) -> Package:
    ordered = sorted(sightings, key=lambda s: s.how == OPENED)
    files = [
        Evidence(s.how, _SOURCES.get(s.how, "maps"), s.path, s.detail, at)
        for s in ordered[:MAX_EVIDENCE]
    ]
    count = "1 file" if len(ordered) == 1 else f"{len(ordered)} files"
    source = "file" if named.path else "memory"
    told = Evidence(named.identity, source, named.path, f"{named.detail}: {count} of it seen", at)
    return Package(
        purl.nuget(named.name, named.version),
        named.name,
        named.version,
        RUNTIME,
        State.LOADED,
        opened if ordered[0].how == OPENED else Depth.LOADED,
        (*files, told),
        aliases=named.aliases,
        identity=named.identity,
        inferred=named.inferred,
    )


def gaps(found: Iterable[tuple[Reason, str]]) -> tuple[Gap, ...]:
    """One gap for each reason, with the first particulars of it."""
    details: dict[Reason, list[str]] = {}
    for reason, detail in found:
        details.setdefault(reason, []).append(detail)
    return tuple(
        Gap(RUNTIME, reason, told[0] if len(told) == 1 else sample(told))
        for reason, told in details.items()
    )


def sample(names: list[str]) -> str:
    """How many, and the first of them."""
    more = ["…"] if len(names) > SAMPLE else []
    return f"{len(names)}: {', '.join(names[:SAMPLE] + more)}"
