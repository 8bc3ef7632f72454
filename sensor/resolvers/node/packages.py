"""From loaded modules to npm packages: which package.json is around each file.

`packages_of` is all that the other half of this resolver needs. A package is reported when a module
of it is loaded and its file is there; name and version are what its own package.json says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sensor.resolvers.node import addons, told
from sensor.resolvers.node.drafts import Drafts
from sensor.resolvers.node.owners import owners
from sensor.resolvers.node.packagejson import PackageJsons, is_problem
from sensor.resolvers.node.places import Place, place, usable
from sensor.resolvers.node.told import Told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.host.seam import Cache, Process
    from sensor.model.budget import Budget
    from sensor.model.finding import Gap, Package, Plain
    from sensor.resolvers.node.drafts import Draft
    from sensor.resolvers.node.words import Module

# The largest honest process seen has 2,500 modules (a build tool).
MAX_MODULES = 50_000
# The same process has 700 folders with modules; a few more lie between them and the package.
MAX_FOLDERS = 20_000
# Between two questions for the time: folders take up to 1 ms each (a new zip file), files 10 µs.
FOLDERS, FILES = 32, 500


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
    state = cast("dict[str, Any]", progress or {"rows": {}, "folders": 0, "gone": [], "files": 0})
    paths = addons.mapped(process.maps())
    run = _Run(process, budget, state, paths)
    run.place(addons.with_mapped(modules, paths))
    if not run.read(PackageJsons(process.files, cache, state["rows"])):
        return Mapped(progress=state, more=True)
    drafts = run.drafts()
    return run.answer(drafts) if run.look(drafts) else Mapped(progress=state, more=True)


class _Run:
    """One slice. `state` is all that the next one needs; each gets at least one step further."""

    def __init__(
        self, process: Process, budget: Budget, state: dict[str, Any], mapped: frozenset[str]
    ) -> None:
        self._process, self._budget, self._state = process, budget, state
        self._mapped = mapped
        self._told = Told()
        self._placed: list[tuple[Module, Place]] = []
        self._folders: list[str] = []

    def place(self, modules: Sequence[Module]) -> None:
        """Find the folders that matter; of each path 5 µs."""
        places: dict[str, Place | None] = {}
        for module in modules[:MAX_MODULES]:
            path = usable(module.path)
            folder = path and path.rpartition("/")[0]
            if folder is not None and folder not in places:
                places[folder] = place(folder)
            found = None if folder is None else places[folder]
            if path is None or found is None:
                self._told.add(told.BAD_PATH, ascii(module.path))
            else:
                self._placed.append((module._replace(path=path), found))
        if len(modules) > MAX_MODULES:
            self._told.add(told.MANY_MODULES, f"{len(modules)}, more than {MAX_MODULES}")
        self._folders = sorted({each for found in places.values() if found for each in found.above})
        if len(self._folders) > MAX_FOLDERS:
            self._told.add(told.MANY_FOLDERS, f"{len(self._folders)}, more than {MAX_FOLDERS}")
            del self._folders[MAX_FOLDERS:]

    def read(self, files: PackageJsons) -> bool:
        """Read the package.json files; False when the slice is over before the end."""
        while self._state["folders"] < len(self._folders):
            begin = self._state["folders"]
            files.load(self._folders[begin : begin + FOLDERS])
            self._state["folders"] += FOLDERS
            if self._budget.due():
                return False
        return True

    def drafts(self) -> list[Draft]:
        """Whose the modules are."""
        found, rows = Drafts(), self._state["rows"]
        looked = set(self._folders)
        answers = {}
        for module, at in self._placed:
            if not looked.issuperset(at.above):
                continue
            if at not in answers:
                answers[at] = owners(at, rows)
            answer = answers[at]
            for owner in answer.owners:
                found.add(owner, module)
            if answer.reason:
                self._told.add(answer.reason, answer.folder or module.path)
        return found.ordered()

    def look(self, drafts: list[Draft]) -> bool:
        """Look whether files are there; False when the slice is over before the end."""
        gone: set[str] = set(self._state["gone"])
        first = [file for draft in drafts for file in draft.first()]
        rest: list[str] | None = None
        while True:
            done = self._state["files"]
            if done >= len(first) and rest is None:
                known = frozenset(gone & set(first))
                rest = [file for draft in drafts for file in draft.rest(known)]
            files = (first + (rest or []))[done : done + FILES]
            if not files:
                return True
            there = self._process.files.stat_many(files)
            gone |= {file for file, one in zip(files, there, strict=True) if one is None}
            self._state["gone"] = sorted(gone)
            self._state["files"] += len(files)
            if self._budget.due():
                return False

    def answer(self, drafts: list[Draft]) -> Mapped:
        """All facts and gaps."""
        gone, at = frozenset(self._state["gone"]), self._process.at
        made = [draft.package(gone, self._mapped, at) for draft in drafts]
        packages = tuple(package for package in made if package is not None)
        for package in packages:
            if package.version is None:
                self._told.add(told.VERSION, package.name)
        for path in gone:
            self._told.add(told.NOT_THERE, path)
        for row in self._state["rows"].values():
            if is_problem(row):
                self._told.add(*row)
        return Mapped(packages, self._told.gaps())
