"""From loaded modules to npm packages: which package.json is around each file.

`packages_of` is all that the other half of this resolver needs. A package is reported when a module
of it is loaded and its file is there; name and version are what its own package.json says.
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sensor.resolvers.node import addons, presence, told
from sensor.resolvers.node.application import Application
from sensor.resolvers.node.drafts import Drafts
from sensor.resolvers.node.owners import Answer, owners
from sensor.resolvers.node.packagejson import PackageJsons, is_problem
from sensor.resolvers.node.places import Place, archive, place, usable
from sensor.resolvers.node.told import Told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.host.seam import Cache, Process
    from sensor.model.budget import Budget
    from sensor.model.finding import Gap, Package, Plain
    from sensor.resolvers.node.drafts import Draft
    from sensor.resolvers.node.words import Module

# The largest honest process seen has 2,500 modules (a build tool).
MAX_MODULES = 20_000
# The same process has 700 folders with modules; a few more lie between them and the packages.
MAX_FOLDERS = 10_000
# Folders between two questions for the time, 0.1 ms each, of hostile ones 10 ms; and never more
# than one zip file.
FOLDERS = 8


class Mapped(NamedTuple):
    """The packages and gaps, sorted. With `more`, `progress` is what to come again with."""

    packages: tuple[Package, ...] = ()
    gaps: tuple[Gap, ...] = ()
    progress: Plain = None
    more: bool = False


def packages_of(
    process: Process, budget: Budget, cache: Cache, modules: Sequence[Module], progress: Plain
) -> Mapped:
    """The packages of these modules, and of the addons that are mapped.

    Go on with the same modules and the `progress` of the last answer. Raises ProcessGone and
    BudgetSpent only.
    """
    paths = addons.mapped(process.maps())
    state = cast(
        "dict[str, Any]", progress or {"rows": {}, "folders": 0, "gone": [], "bundles": []}
    )
    run = _Run(process, budget, cache, state)
    run.place(addons.with_mapped(modules, paths))
    if not run.read():
        return Mapped(progress=state, more=True)
    drafts = run.drafts()
    if not run.look(drafts) or not run.bundles():
        return Mapped(progress=state, more=True)
    return run.answer(drafts, paths)


class _Run:
    """One slice. `state` is all that the next one needs; each gets at least one step further."""

    def __init__(
        self, process: Process, budget: Budget, cache: Cache, state: dict[str, Any]
    ) -> None:
        self._process, self._budget = process, budget
        self._cache, self._state = cache, state
        self._told = Told()
        self._placed: list[tuple[Module, Place]] = []
        self._folders: list[str] = []
        self._application = Application()

    def place(self, modules: Sequence[Module]) -> None:
        """Find the folders that matter; of each path 5 µs."""
        places: dict[str, Place | None] = {}
        folders: set[str] = set()
        for number, module in enumerate(modules):
            if number == MAX_MODULES or len(folders) > MAX_FOLDERS:
                self._told.add(told.MANY_MODULES, f"{len(modules)}, {number} of them are")
                break
            path = usable(module.path) or ""
            folder = path.rpartition("/")[0]
            if path and folder not in places:
                places[folder] = place(folder)
                folders.update(found.above if (found := places[folder]) else ())
            found = places[folder] if path else None
            if found is None:
                self._told.add(told.BAD_PATH, ascii(module.path))
            else:
                self._placed.append((module._replace(path=path), found))
        self._folders = sorted(folders)

    def read(self) -> bool:
        """Read the package.json files; False when the slice is over before the end."""
        reader = PackageJsons(self._process.files, self._cache, self._state["rows"])
        while self._state["folders"] < len(self._folders):
            step = self._step(self._state["folders"])
            reader.load(step)
            self._state["folders"] += len(step)
            if self._budget.due():
                return False
        return True

    def _step(self, begin: int) -> list[str]:
        part = self._folders[begin : begin + FOLDERS]
        first = archive(part[0])
        return list(takewhile(lambda folder: archive(folder) == first, part))

    def drafts(self) -> list[Draft]:
        """Whose the modules are."""
        found, rows = Drafts(), self._state["rows"]
        answers: dict[Place, Answer] = {}
        for module, at in self._placed:
            if at not in answers:
                answers[at] = owners(at, rows)
            answer = answers[at]
            for owner in answer.owners:
                found.add(owner, module)
            if answer.reason:
                self._told.add(answer.reason, answer.folder or module.path)
            elif not at.package:
                purl = answer.owners[0].purl if answer.owners else None
                self._application.add(module.path, purl)
        return found.ordered()

    def look(self, drafts: list[Draft]) -> bool:
        """Look whether files are there; False when the slice is over before the end."""
        lone = self._application.lone
        return presence.look(self._process.files, drafts, lone, self._state, self._budget)

    def bundles(self) -> bool:
        """Look into the files of the application; False when the slice is over before the end."""
        return self._application.look(
            self._process.files, self._cache, self._state["bundles"], self._budget
        )

    def answer(self, drafts: list[Draft], mapped: frozenset[str]) -> Mapped:
        """All facts and gaps."""
        gone, at = frozenset(self._state["gone"]), self._process.at
        made = [draft.package(gone, mapped, at) for draft in drafts]
        packages = [package for package in made if package is not None]
        for package in packages:
            if package.version is None and package.inside is None:
                self._told.add(told.VERSION, package.name)
        bundled = self._application.packages(self._state["bundles"], at, self._told)
        every = {_key(package): package for package in bundled}
        every |= {_key(package): package for package in packages}
        for path in gone:
            self._told.add(told.NOT_THERE, path)
        for row in self._state["rows"].values():
            if is_problem(row):
                self._told.add(*row)
        return Mapped(tuple(every[key] for key in sorted(every)), self._told.gaps())


def _key(package: Package) -> tuple[str, str]:
    """One package in one process."""
    return package.purl, package.inside or ""
