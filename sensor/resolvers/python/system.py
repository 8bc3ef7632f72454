"""Modules that came with Debian packages: they are reported as these, under their PyPI name too.

Debian patches what it packages, so that its own version is the one to compare with advisories.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sensor.errors import FileRefused, Malformed
from sensor.model.purl import deb, pypi
from sensor.resolvers.python import reasons
from sensor.resolvers.python.debian import Debian, Dpkg, managed
from sensor.resolvers.python.drafts import Draft
from sensor.resolvers.python.paths import below

if TYPE_CHECKING:
    from sensor.resolvers.python.drafts import Drafts
    from sensor.resolvers.python.match import Loaded, Matches, Owner
    from sensor.resolvers.python.sites import Sites
    from sensor.resolvers.python.told import Told


class System:
    """The part of the packages of one look that dpkg owns."""

    def __init__(self, dpkg: Dpkg, sites: Sites, told: Told) -> None:
        """Ask `dpkg` about import roots of `sites`; tell gaps to `told`."""
        self._dpkg, self._sites, self._told = dpkg, sites, told
        self._known: dict[str, Debian] = {}

    def take(self, found: Matches, drafts: Drafts) -> None:
        """Move the modules that dpkg owns out of `found`, into drafts of Debian packages.

        Raises Due.
        """
        for root in sorted({owner[0] for owner in found.owned} | set(found.unowned)):
            debian = self._debian(root) if managed(root) else None
            if debian is not None:
                self._known[root] = debian
                self._take(found, root, debian, drafts)

    def purl(self, owner: Owner, path: str) -> str:
        """The package URL of the owner of a path: Debian's where dpkg owns it."""
        debian = self._known.get(owner[0])
        number = debian.owner(below(path, owner[0])) if debian else None
        if debian is None or number is None:
            dist = self._sites.at(owner[0]).dist(owner[1])
            return pypi(dist.name, dist.version)
        return _purl(debian, number)

    def _debian(self, root: str) -> Debian | None:
        try:
            debian = self._dpkg.below(root)
        except (Malformed, FileRefused) as error:
            self._told.add(reasons.DPKG, str(error))
            return None
        for reason, detail in debian.gaps if debian else ():
            self._told.add(reason, detail)
        return debian

    def _take(self, found: Matches, root: str, debian: Debian, drafts: Drafts) -> None:
        mine: dict[int, list[Loaded]] = defaultdict(list)
        aliases: dict[int, set[str]] = defaultdict(set)
        for owner in [owner for owner in found.owned if owner[0] == root]:
            numbers, rest = _split(found.owned[owner], debian)
            found.owned[owner] = rest
            dist = self._sites.at(root).dist(owner[1])
            for number, modules in numbers.items():
                mine[number] += modules
                aliases[number].add(pypi(dist.name, dist.version))
        numbers, found.unowned[root] = _split(found.unowned.get(root, []), debian)
        for number, modules in numbers.items():
            mine[number] += modules
        for number, modules in mine.items():
            name, version, _ = debian.package(number)
            draft = Draft(name, version, dict.fromkeys(modules, f"dpkg's list of {name}"))
            draft.aliases = aliases[number] | self._shipped(root, debian, number)
            drafts.add(draft, _purl(debian, number))

    def _shipped(self, root: str, debian: Debian, number: int) -> set[str]:
        """The PyPI name of a package that ships the description of just one distribution."""
        infos, site = debian.infos(number), self._sites.at(root)
        dists = (site.dist(place) for place in range(site.count))
        found = {pypi(dist.name, dist.version) for dist in dists if dist.info in infos}
        return found if len(found) == 1 else set()


def _split(modules: list[Loaded], debian: Debian) -> tuple[dict[int, list[Loaded]], list[Loaded]]:
    """The modules of each package, and those of none."""
    mine: dict[int, list[Loaded]] = defaultdict(list)
    rest: list[Loaded] = []
    for module in modules:
        number = debian.owner(module.inner)
        (rest if number is None else mine[number]).append(module)
    return mine, rest


def _purl(debian: Debian, number: int) -> str:
    name, version, arch = debian.package(number)
    release = debian.release
    return deb(name, version, arch=arch, distro_id=release.id, distro=release.label)
