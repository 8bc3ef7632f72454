"""What is loaded, by the key of the Snyk wire: image, namespace, workload, container. Pure.

Containers of several pods of one workload on this node become one entry: a package is told once,
with its first and last sight. Only what is loaded is told; that absence proves nothing where
coverage is incomplete, is said by `coverage` and `gaps` of each entry.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from sensor.model.batch import Fact
from sensor.model.finding import Depth, State
from sensor.model.purl import without
from sensor.report import facts
from sensor.report.snykwords import image_id, package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.model.batch import Batch, Loaded, Place
    from sensor.model.finding import Coverage, Gap, Package
    from sensor.report.facts import Line

# Deepest last, as sensor.model.finding.Depth has them.
DEPTHS: Final = {depth: rank for rank, depth in enumerate(Depth)}
# Of one entry. The inventory keeps 50 kinds of each for a container; pods of one workload agree.
MAX_REMARKS: Final = 100
# What the schema allows: a receiver refuses a whole request for one name that a workload made long.
MAX_NAME: Final = 1024
MAX_PURL: Final = 2048
MAX_ALIASES: Final = 100
TOO_LONG: Final = "name too long"


class Key(NamedTuple):
    """What an entry is told apart by (types.ts: "uniquely identified by the tuple …")."""

    namespace: str
    kind: str
    workload: str
    container: str
    image_id: str


@dataclass(slots=True)
class LoadedImage:
    """One entry: all packages that any of its containers on this node has loaded."""

    key: Key
    image_name: str
    packages: dict[tuple[str, str], Fact] = field(default_factory=dict)
    coverage: dict[tuple[str, str], Coverage] = field(default_factory=dict)
    gaps: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, loaded: Loaded) -> None:
        """Add one container."""
        for fact in loaded.facts:
            if fact.package.state is State.LOADED:
                self._add_package(fact)
        for coverage in loaded.coverages:
            self._add_coverage(coverage)
        self.gaps.update(map(_kind_of, loaded.gaps))

    def _add_package(self, fact: Fact) -> None:
        if not _fits(fact.package):
            self.gaps[fact.package.runtime, TOO_LONG] += 1
            return
        key = fact.package.purl, fact.package.inside or ""
        old = self.packages.get(key)
        self.packages[key] = _together(old, fact) if old else fact

    def _add_coverage(self, coverage: Coverage) -> None:
        """Complete only when it is so in every container; its time is the oldest one."""
        key = coverage.runtime, coverage.how
        old = self.coverage.get(key, coverage)
        complete, since = old.complete and coverage.complete, min(old.since, coverage.since)
        self.coverage[key] = replace(coverage, complete=complete, since=since)

    def pieces(self, most: int) -> Iterator[bytes]:
        """The entry as JSON; several with the same key where it is longer than `most` bytes."""
        head = self._head()
        room = most - len(facts.dumps(head))
        lines: list[Line] = []
        size = 0
        read = {one.purl: without(one.purl, one.inferred) for one in self._packages()}
        for _, fact in sorted(self.packages.items()):
            line = package(fact, read.get(fact.package.inside or ""))
            length = len(facts.dumps(line))
            if lines and size + length > room:
                yield facts.dumps({**head, "packages": lines}).rstrip()
                lines, size = [], 0
            lines.append(line)
            size += length
        yield facts.dumps({**head, "packages": lines}).rstrip()

    def _packages(self) -> Iterator[Package]:
        return (fact.package for fact in self.packages.values())

    def _head(self) -> Line:
        return {
            "imageID": self.key.image_id,
            "imageName": self.image_name,
            "namespace": self.key.namespace,
            "workloadName": self.key.workload,
            "workloadKind": self.key.kind,
            "container": self.key.container,
            "coverage": [
                {
                    "runtime": one.runtime,
                    "complete": one.complete,
                    "how": one.how,
                    "since": one.since,
                }
                # Incomplete ones first: they are what must not be cut off.
                for one in sorted(self.coverage.values(), key=_order)[:MAX_REMARKS]
            ],
            "gaps": [
                {"runtime": runtime or None, "reason": reason, "count": count}
                for (runtime, reason), count in self._gaps()
            ],
            "packages": [],
        }

    def _gaps(self) -> list[tuple[tuple[str, str], int]]:
        gaps = sorted(self.gaps.items())
        more = sum(count for _, count in gaps[MAX_REMARKS:])
        return gaps[:MAX_REMARKS] + ([(("", "more gaps"), more)] if more else [])


def loaded_images(batch: Batch) -> list[LoadedImage]:
    """All entries in order. Places that no container of a pod is known for are left out."""
    found: dict[Key, LoadedImage] = {}
    for loaded in batch.loaded:
        key = _key(loaded.place)
        if key is None or loaded.place.container is None:
            continue
        name = loaded.place.container.image.spec
        found.setdefault(key, LoadedImage(key, name)).add(loaded)
    return [found[key] for key in sorted(found)]


def without_container(batch: Batch) -> int:
    """How many places of the batch have no name in this wire: the host, and ids without a pod."""
    return sum(_key(loaded.place) is None for loaded in batch.loaded)


def _key(place: Place) -> Key | None:
    if place.pod is None or place.container is None:
        return None
    top = place.pod.workload
    image = image_id(place.container.image)
    return Key(top.namespace, top.kind, top.name, place.container.name, image)


def _order(coverage: Coverage) -> tuple[bool, str, str]:
    return coverage.complete, coverage.runtime, coverage.how


def _kind_of(gap: Gap) -> tuple[str, str]:
    return gap.runtime, gap.reason


def _fits(one: Package) -> bool:
    names = (one.name, one.version or "", *(one.subpaths or ()))
    purls = (one.purl, one.inside or "", *one.aliases)
    return (
        max(map(len, names)) <= MAX_NAME
        and max(map(len, purls)) <= MAX_PURL
        and len(one.aliases) <= MAX_ALIASES
    )


def _together(one: Fact, other: Fact) -> Fact:
    """Two sights of one package: the deeper one, with the evidence and parts of both."""
    deep, less = sorted((one, other), key=_depth, reverse=True)
    parts = [one.subpaths for one in (deep.package, less.package) if one.subpaths is not None]
    surer = min(deep.package, less.package, key=lambda package: len(package.inferred))
    merged = replace(
        deep.package,
        evidence=deep.package.evidence + less.package.evidence,
        subpaths=tuple(sorted(set().union(*parts))) if parts else None,
        inferred=surer.inferred,
        identity=surer.identity,
    )
    first = min(one.first_seen, other.first_seen)
    return Fact(merged, first, max(one.last_seen, other.last_seen))


def _depth(fact: Fact) -> int:
    return DEPTHS[fact.package.depth] if fact.package.depth else -1
