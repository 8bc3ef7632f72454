"""Packages of the archives that gave a class: proved, named, with what is contained in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensor.errors import FileRefused, Malformed
from sensor.model.finding import Depth, Evidence, Package, State
from sensor.model.purl import maven
from sensor.resolvers.java import index, proof
from sensor.resolvers.java.archivereasons import Reason
from sensor.resolvers.java.identity import POM, Identity, identify
from sensor.resolvers.java.words import RUNTIME

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sensor.host.seam import Cache, Process
    from sensor.resolvers.java.archive import Place
    from sensor.resolvers.java.join import Use
    from sensor.resolvers.java.parts import Pom


class Namer:
    """Collects packages. Each method answers False when time is up; then all is asked again."""

    def __init__(self, process: Process, cache: Cache, due: Callable[[], bool]) -> None:
        """Nothing yet."""
        self._files = process.files
        self._cache = cache
        self._due = due
        self._at = process.at
        self._packages: dict[tuple[str, str], Package] = {}
        self.gaps: list[tuple[Reason, str]] = []

    def packages(self) -> tuple[Package, ...]:
        """All packages so far, by purl."""
        return tuple(self._packages[key] for key in sorted(self._packages))

    def add(self, place: Place, use: Use) -> bool:
        """An archive that gave classes."""
        try:
            proved = self._proved(place, use.proofs or use.weaker)
            if proved and not proved.name and use.proofs:
                proved = self._proved(place, use.weaker)
        except (FileRefused, Malformed) as error:
            self.gaps.append((Reason.REFUSED, f"{place.text}: {error}"))
            return True
        if proved is None:
            return False
        if not proved.name:
            self.gaps.append((Reason.UNPROVEN, place.text))
            return True
        if proved.sha1 is None:
            self.gaps.append((Reason.NOT_HASHED, place.text))
        self._named(place, use, proved)
        return True

    def _proved(self, place: Place, names: Sequence[str]) -> proof.Proof | None:
        return proof.prove(self._files, place, names, self._cache, self._due)

    def doubt(self, places: Sequence[Place], use: Use) -> bool:
        """Classes that any of these archives may have given.

        No question where they are copies of one artifact, or all in use anyway.
        """
        purls = {self._purl(place) for place in places}
        if len(purls) == 1:
            return self.add(min(places, key=lambda place: (place.inside, place.path)), use)
        if any((purl, "") not in self._packages for purl in purls):
            name = [*use.proofs, *use.weaker][0]
            where = ", ".join(sorted(place.text for place in places))
            self.gaps.append((Reason.SEVERAL, f"{name}: {where}"))
        return True

    def _purl(self, place: Place) -> str:
        identity = self._identity(place)
        return _purl(identity) if identity else place.text

    def _identity(self, place: Place) -> Identity | None:
        held = index.held(self._cache, place.file) or []
        entry = next((one.entry for one in held if one.inside == place.inside), None)
        return identify(place.name, entry) if entry else None

    def _named(self, place: Place, use: Use, proved: proof.Proof) -> None:
        identity = self._identity(place)
        if identity is None:
            self.gaps.append((Reason.NO_IDENTITY, place.text))
            return
        if identity.version is None:
            self.gaps.append((Reason.NO_VERSION, place.text))
        depth = Depth.INITIALIZED if proved.name in use.proofs else Depth.LOADED
        detail = f"{proved.name}, {use.loaded} classes loaded, {use.initialized} initialized"
        evidence = Evidence("class", "memory", place.text, detail, self._at)
        self._put(_package(identity, depth, evidence, proved.sha1))
        for pom in identity.others:
            self._put(self._part(identity, pom, place, use))

    def _part(self, carrier: Identity, pom: Pom, place: Place, use: Use) -> Package:
        """What an archive contains: loaded only where a class of its own package is."""
        inside = _purl(carrier)
        group, artifact, version, prefix = pom
        purl = maven(group, artifact, version or None)
        names = (purl, artifact, version or None, RUNTIME)
        if prefix not in use.parts or not prefix:
            return Package(
                *names, State.UNKNOWN, reason=Reason.CONTAINED, inside=inside, identity=POM
            )
        name, initialized = use.parts[prefix]
        depth = Depth.INITIALIZED if initialized else Depth.LOADED
        evidence = Evidence("class", "memory", place.text, f"{name}, of its own package", self._at)
        return Package(*names, State.LOADED, depth, (evidence,), inside=inside, identity=POM)

    def _put(self, package: Package) -> None:
        """Keep the stronger of two sights of one package."""
        key = package.purl, package.inside or ""
        old = self._packages.get(key)
        if old is None or _strength(package) > _strength(old):
            self._packages[key] = package


def _package(identity: Identity, depth: Depth, evidence: Evidence, sha1: str | None) -> Package:
    return Package(
        _purl(identity),
        identity.artifact,
        identity.version,
        RUNTIME,
        State.LOADED,
        depth,
        (evidence,),
        identity=identity.by,
        inferred=("namespace",) if identity.inferred else (),
        sha1=sha1,
    )


def _purl(identity: Identity) -> str:
    return maven(identity.group, identity.artifact, identity.version)


def _strength(package: Package) -> tuple[bool, bool]:
    return package.state is State.LOADED, package.depth is Depth.INITIALIZED
