"""From imported modules to packages: distributions, vendored copies, Debian packages, and gaps.

`join` is all that the other half of this resolver needs. A package is reported when a module of it
is in sys.modules and its file is there; the version is what the distribution's own metadata says.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from sensor.formats.pymetadata import import_name
from sensor.model.purl import pypi
from sensor.resolvers.python import reasons
from sensor.resolvers.python.conda import Conda
from sensor.resolvers.python.debian import Dpkg
from sensor.resolvers.python.drafts import Draft, Drafts, contested, evidence
from sensor.resolvers.python.match import (
    MAX_MODULES,
    Loaded,
    Matches,
    Owner,
    carrier,
    match,
)
from sensor.resolvers.python.paths import below, inside
from sensor.resolvers.python.paths import join as join_path
from sensor.resolvers.python.sites import Due, Sites
from sensor.resolvers.python.system import System
from sensor.resolvers.python.told import Told, few, frozen_names, top
from sensor.resolvers.python.vendored import copies
from sensor.resolvers.python.verify import MAX_EVIDENCE, settle, sizes
from sensor.resolvers.python.versions import MAX_LENGTH, differ

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensor.host.seam import Cache, Process
    from sensor.model.budget import Budget
    from sensor.model.finding import Gap, Package
    from sensor.resolvers.python.modules import Imported

# Modules that several distributions record are looked at one by one.
MAX_CONTESTED = 5_000


class Joined(NamedTuple):
    """What the modules of a process are.

    `packages` and `gaps` are sorted. `application` counts modules that belong to no distribution
    and lie outside site directories: the program itself. `more` says that the budget was used
    before the end: ask again, what was read so far is in the cache.
    """

    packages: tuple[Package, ...] = ()
    gaps: tuple[Gap, ...] = ()
    application: int = 0
    more: bool = False


def join(process: Process, imported: Imported, cache: Cache, budget: Budget) -> Joined:
    """The packages that these modules belong to. Raises ProcessGone and BudgetSpent only.

    What is not read from files is one step of 10 µs for each module; it is put off to the next
    slice when this one is used already.
    """
    if budget.due():
        return Joined(more=True)
    try:
        with Sites(process, cache, budget) as sites:
            return _Join(process, imported, sites, cache, budget).run()
    except Due:
        return Joined(more=True)


class _Join:
    """One run over one process."""

    def __init__(
        self, process: Process, imported: Imported, sites: Sites, cache: Cache, budget: Budget
    ) -> None:
        self._process, self._imported, self._sites = process, imported, sites
        self._drafts, self._told = Drafts(process.at), Told()
        self._system = System(Dpkg(process.files, cache, budget), sites, self._told)
        self._conda = Conda(process.files, cache, budget)
        self._carriers: dict[str, str | None] = {}
        self._stated = {m.name.lower(): m.version for m in imported.modules if m.version}

    def run(self) -> Joined:
        """All of it. Raises Due, ProcessGone, BudgetSpent."""
        found = match(self._imported, self._sites)
        shared = self._settle(found)
        inner = copies(found.owned, self._sites)
        self._system.take(found, self._drafts)
        self._conda.take(found, self._drafts, self._told)
        for owner, modules in found.owned.items():
            self._distribution(owner, modules)
        for copy, modules in inner.items():
            draft = Draft(copy.name, copy.version, dict.fromkeys(modules, copy.how))
            inside_of = self._system.purl(copy.carrier, modules[0].path)
            self._drafts.add(draft, pypi(copy.name, copy.version), inside_of)
        packages, missing = self._drafts.packages(self._there)
        packages += self._contested(shared, set(found.owned))
        self._tell(found, missing)
        packages.sort(key=lambda package: (package.purl, package.inside or ""))
        return Joined(tuple(packages), self._told.gaps(), found.application)

    def _settle(self, found: Matches) -> list[tuple[str, Loaded, list[int]]]:
        """Give contested modules to their owner where the file's size tells; the rest."""
        open_: list[tuple[str, Loaded, list[int]]] = []
        if len(found.contested) > MAX_CONTESTED:
            self._told.add(reasons.CONTESTED, f"{len(found.contested)}")
        some = found.contested[:MAX_CONTESTED]
        known = sizes(self._process.files, [module.path for _, module, _ in some])
        for (root, module, claimed), size in zip(some, known, strict=True):
            numbers = settle(claimed, size) or [number for number, _ in claimed]
            if len(numbers) == 1:
                found.owned[root, numbers[0]].append(module)
            else:
                open_.append((root, module, numbers))
        return open_

    def _distribution(self, owner: Owner, modules: list[Loaded]) -> None:
        site = self._sites.at(owner[0])
        dist = site.dist(owner[1])
        if not modules:
            return
        if dist.version is None:
            self._told.add(reasons.VERSION_MISSING, f"{site.path}/{dist.info}")
        else:
            self._compare(dist.name, dist.version, modules)
        how = f"{'direct_url.json' if dist.project else dist.how} of {dist.info}"
        draft = Draft(dist.name, dist.version, dict.fromkeys(modules, how))
        self._drafts.add(draft, pypi(dist.name, dist.version), self._carrier(owner[0]))

    def _compare(self, name: str, version: str, modules: list[Loaded]) -> None:
        """Tell when the module that is called like its distribution states another version."""
        module = import_name(name)
        stated = self._stated.get(module)
        if stated and differ(stated, version) and any(m.name.lower() == module for m in modules):
            self._told.add(
                reasons.VERSION_DIFFERS, f"{name}: {stated[:MAX_LENGTH]} in memory, {version}"
            )

    def _carrier(self, root: str) -> str | None:
        """The package that carries a whole import root inside itself."""
        if root not in self._carriers:
            owner = carrier(self._sites.at(root), self._sites)
            self._carriers[root] = owner and self._system.purl(owner, join_path(root, "-"))
        return self._carriers[root]

    def _there(self, modules: list[Loaded]) -> list[bool]:
        """Whether each file is there: on disk, in a zip file, or in a frozen program."""
        known = sizes(self._process.files, [module.path for module in modules])
        return [
            size is not None or self._elsewhere(module.path)
            for module, size in zip(modules, known, strict=True)
        ]

    def _elsewhere(self, path: str) -> bool:
        return any(
            site.holds(below(path, site.path)) if site.archive else site.frozen
            for site in self._sites.known
            if inside(path, site.path)
        )

    def _contested(
        self, shared: list[tuple[str, Loaded, list[int]]], proven: set[Owner]
    ) -> Iterable[Package]:
        """Distributions that are known by files of several only: one of them is loaded."""
        groups: dict[tuple[str, tuple[int, ...]], list[Loaded]] = defaultdict(list)
        for root, module, numbers in shared:
            if not any((root, number) in proven for number in numbers):
                groups[root, tuple(numbers)].append(module)
        for (root, several), modules in groups.items():
            dists = [self._sites.at(root).dist(number) for number in several]
            for dist in dists:
                others = [f"{d.name} {d.version}" for d in dists if d is not dist]
                how = f"{dist.how} of {dist.info}"
                first = sorted(modules)[:MAX_EVIDENCE]
                reasons = tuple(evidence(module, how, self._process.at) for module in first)
                yield contested(dist.name, dist.version, others, reasons)

    def _tell(self, found: Matches, missing: list[str]) -> None:
        for site in self._sites.known:
            for reason, detail in site.gaps:
                self._told.add(reason, f"{site.path}: {detail}")
        for root, modules in found.unowned.items():
            if modules:
                names = few(top(module.inner) for module in modules)
                self._told.add(reasons.UNOWNED, f"{root}: {names}")
        if len(self._imported.modules) > MAX_MODULES:
            self._told.add(reasons.TOO_MANY_MODULES, f"{len(self._imported.modules)}")
        if found.odd:
            self._told.add(reasons.BAD_PATH, few(found.odd))
        if missing:
            self._told.add(reasons.NOT_THERE, few(missing))
        if self._imported.frozen or any(site.frozen for site in self._sites.known):
            explained = {top(m.name) for modules in found.owned.values() for m in modules}
            self._told.add(
                reasons.FROZEN,
                few(frozen_names(self._imported.modules, frozenset(explained))),
            )
