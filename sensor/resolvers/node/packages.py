"""From loaded modules to npm packages: which package.json is around each file.

`packages_of` is all that the other half of this resolver needs. A package is reported when a module
of it is loaded and its file is there; name and version are what its own package.json says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sensor.resolvers.node import addons, bundles, presence, told
from sensor.resolvers.node.bundles import Bundles, Contents
from sensor.resolvers.node.drafts import Drafts
from sensor.resolvers.node.owners import Answer, owners
from sensor.resolvers.node.packagejson import PackageJsons, is_problem
from sensor.resolvers.node.places import Place, place, usable
from sensor.resolvers.node.told import Told

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sensor.host.seam import Cache, Process
    from sensor.model.budget import Budget
    from sensor.model.finding import Gap, Package, Plain
    from sensor.resolvers.node.drafts import Draft
    from sensor.resolvers.node.words import Module

# The largest honest process seen has 2,500 modules (a build tool).
MAX_MODULES = 50_000
# The same process has 700 folders with modules; a few more lie between them and the package.
MAX_FOLDERS = 20_000
# Files of the application that are looked into for bundles.
MAX_OWN = 2_000
# Folders between two questions for the time: up to 1 ms each, when it is a new zip file.
FOLDERS = 32


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
    there = presence.look(process.files, drafts, run.lone, state, budget)
    if not there or not run.bundles():
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
        # Files of an application that is no package.
        self.lone: list[str] = []
        # Those of any application that can be bundles, with its purl if it has one.
        self._own: dict[str, str | None] = {}

    def place(self, modules: Sequence[Module]) -> None:
        """Find the folders that matter; of each path 5 µs."""
        places: dict[str, Place | None] = {}
        for module in modules[:MAX_MODULES]:
            path = usable(module.path) or ""
            folder = path.rpartition("/")[0]
            if path and folder not in places:
                places[folder] = place(folder)
            found = places[folder] if path else None
            if found is None:
                self._told.add(told.BAD_PATH, ascii(module.path))
            else:
                self._placed.append((module._replace(path=path), found))
        if len(modules) > MAX_MODULES:
            self._told.add(told.MANY_MODULES, f"{len(modules)}, more than {MAX_MODULES}")
        self._choose({each for found in places.values() if found for each in found.above})

    def _choose(self, folders: Iterable[str]) -> None:
        self._folders = sorted(folders)
        if len(self._folders) > MAX_FOLDERS:
            self._told.add(told.MANY_FOLDERS, f"{len(self._folders)}, more than {MAX_FOLDERS}")
            del self._folders[MAX_FOLDERS:]
            looked = set(self._folders)
            self._placed = [(m, at) for m, at in self._placed if looked.issuperset(at.above)]

    def read(self) -> bool:
        """Read the package.json files; False when the slice is over before the end."""
        reader = PackageJsons(self._process.files, self._cache, self._state["rows"])
        while self._state["folders"] < len(self._folders):
            begin = self._state["folders"]
            reader.load(self._folders[begin : begin + FOLDERS])
            self._state["folders"] += FOLDERS
            if self._budget.due():
                return False
        return True

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
                self._application(module.path, answer)
        return found.ordered()

    def _application(self, path: str, answer: Answer) -> None:
        if not answer.owners:
            self.lone.append(path)
        if bundles.can_be(path):
            self._own[path] = answer.owners[0].purl if answer.owners else None

    def bundles(self) -> bool:
        """Look into the files of the application; False when the slice is over before the end."""
        own, done = sorted(self._own), self._state["bundles"]
        if len(own) > MAX_OWN:
            self._told.add(told.MANY_OWN, f"{len(own)}, more than {MAX_OWN}")
        reader = Bundles(self._process.files, self._cache)
        for path in own[len(done) : MAX_OWN]:
            found = reader.contents(path)
            done.append(found and found.plain())
            if self._budget.due():
                return False
        return True

    def answer(self, drafts: list[Draft], mapped: frozenset[str]) -> Mapped:
        """All facts and gaps."""
        gone, at = frozenset(self._state["gone"]), self._process.at
        made = [draft.package(gone, mapped, at) for draft in drafts]
        packages = [package for package in made if package is not None]
        for package in packages:
            if package.version is None:
                self._told.add(told.VERSION, package.name)
        every = {_key(package): package for package in self._bundled()}
        every |= {_key(package): package for package in packages}
        for path in gone:
            self._told.add(told.NOT_THERE, path)
        for row in self._state["rows"].values():
            if is_problem(row):
                self._told.add(*row)
        return Mapped(tuple(every[key] for key in sorted(every)), self._told.gaps())

    def _bundled(self) -> list[Package]:
        """The packages of bundles; what is not known is told."""
        found = []
        for path, said in zip(sorted(self._own), self._state["bundles"], strict=False):
            if said is None:
                continue
            contents = Contents.from_plain(said)
            if not contents.known:
                self._told.add(told.BUNDLED, f"{path} ({contents.maker})")
            for part in contents.parts:
                inside, at = self._own[path], self._process.at
                found.append(bundles.package(part, contents, inside, at))
        return found


def _key(package: Package) -> tuple[str, str]:
    """One package in one process."""
    return package.purl, package.inside or ""
