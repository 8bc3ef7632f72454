"""Which distribution each imported module belongs to.

The file of a module is looked up in the list of files of its own import root; a module that goes
by another name, in the roots above its file; then editable projects. Nothing is verified here: a
match says what the process claims, `verify` asks whether the files are there.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from sensor.formats.pymetadata import import_name
from sensor.resolvers.python.paths import (
    SCRIPTS,
    SITE,
    below,
    clean,
    import_root,
    inside,
    is_standard,
    join,
    parent,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensor.resolvers.python.modules import Imported
    from sensor.resolvers.python.site import Site
    from sensor.resolvers.python.sites import Sites
    from sensor.resolvers.python.units import Claim

# The largest process seen has 11,000 modules, which takes 100 ms in one step.
MAX_MODULES = 25_000
# What installers make every start of the interpreter import: the loaders of editable installs of
# setuptools (PEP 660), a patch in the environments of virtualenv and uv, the start of PyInstaller.
_MACHINERY = re.compile(r"__editable___\w+_finder|_virtualenv|pyimod\d\d_\w+")


class Loaded(NamedTuple):
    """A module with a file: its name, its absolute path, and the path below its import root."""

    name: str
    path: str
    inner: str


# A distribution by its import root and its number there.
Owner = tuple[str, int]


@dataclass(slots=True)
class Matches:
    """What was matched.

    `owned`: modules by distribution. `contested`: modules that several distributions record.
    `unowned`: modules in a site directory that no distribution has, by that directory.
    `application`: how many modules lie elsewhere. `odd`: names of modules without a usable path.
    """

    owned: dict[Owner, list[Loaded]] = field(default_factory=lambda: defaultdict(list))
    contested: list[tuple[str, Loaded, list[Claim]]] = field(default_factory=list)
    unowned: dict[str, list[Loaded]] = field(default_factory=lambda: defaultdict(list))
    application: int = 0
    odd: list[str] = field(default_factory=list)


def match(imported: Imported, sites: Sites) -> Matches:
    """Match every module. Raises what reading an import root raises."""
    found = Matches()
    rooted: dict[str, list[Loaded]] = defaultdict(list)
    rest: list[tuple[str, str]] = []
    for name, path in _files(imported, found):
        place = import_root(name, path)
        if place is None:
            rest.append((name, path))
        else:
            rooted[place[0]].append(Loaded(name, path, place[1]))
    for root in sorted(rooted):
        site = sites.at(root)
        rest += [(m.name, m.path) for m in rooted[root] if not _claim(found, site, m)]
    _match_rest(rest, imported, sites, found)
    return found


def _files(imported: Imported, found: Matches) -> Iterable[tuple[str, str]]:
    """Names and paths of the modules to match: not those of the interpreter itself."""
    for module in imported.modules[:MAX_MODULES]:
        path = clean(module.file)
        if module.file is None or _is_own(imported, module.name, path):
            continue
        if path is not None:
            yield module.name, path
        elif module.name not in SCRIPTS:
            found.odd.append(module.name)


def _is_own(imported: Imported, name: str, path: str | None) -> bool:
    """Whether a module belongs to the interpreter, or to what starts it."""
    if _MACHINERY.fullmatch(name):
        return True
    if imported.frozen:
        # One directory for all: only names tell the standard library apart.
        return name.partition(".")[0] in sys.stdlib_module_names
    return path is not None and is_standard(path, imported.stdlib)


def _claim(found: Matches, site: Site, module: Loaded) -> bool:
    claimed = site.claims(module.inner)
    if len(claimed) == 1:
        found.owned[site.path, claimed[0][0]].append(module)
    elif claimed:
        found.contested.append((site.path, module, claimed))
    return bool(claimed)


def _match_rest(
    rest: list[tuple[str, str]], imported: Imported, sites: Sites, found: Matches
) -> None:
    """Modules under another name than their path, editable ones, and those of nobody."""
    for _, path in rest:
        if place := SITE.match(path):
            sites.at(place[1])
    filled = {site.path: site for site in sites.known if site.count}
    projects = _projects(imported, sites) if rest else []
    for name, path in rest:
        if any(
            _claim(found, s, Loaded(name, path, below(path, s.path))) for s in _above(path, filled)
        ):
            continue
        owner = _project(name, path, projects)
        if owner is not None:
            found.owned[owner].append(Loaded(name, path, path))
        elif place := SITE.match(path):
            found.unowned[place[1]].append(Loaded(name, path, below(path, place[1])))
        else:
            found.application += 1


def _above(path: str, filled: dict[str, Site]) -> Iterable[Site]:
    """The import roots above a file that hold distributions, the deepest first."""
    place = parent(path)
    while place:
        if place in filled:
            yield filled[place]
        place = parent(place)


class Project(NamedTuple):
    """An editable install: its directory, its import names, its places on the search path."""

    directory: str
    owner: Owner
    tops: frozenset[str]
    sources: tuple[str, ...]


def _projects(imported: Imported, sites: Sites) -> list[Project]:
    """The editable installs of all site directories, the deepest directory first."""
    for path in imported.paths:
        if (plain := clean(path)) and SITE.match(plain + "/-"):
            sites.at(plain)
    found = []
    for site in sites.known:
        for number in site.projects:
            dist = site.dist(number)
            tops = frozenset(dist.tops) or frozenset([import_name(dist.name)])
            sources = tuple(dist.sources) if not dist.tops else ()
            found.append(Project(dist.project or "", (site.path, number), tops, sources))
    return sorted(found, key=lambda project: (-len(project.directory), project.owner))


def _project(name: str, path: str, projects: list[Project]) -> Owner | None:
    """The editable install that a module comes from.

    It lies in the project's directory, and its top-level name is one the project has, or it was
    imported from a directory that the project put on the search path.
    """
    for project in projects:
        if not inside(path, project.directory):
            continue
        place = import_root(name, path)
        if name.partition(".")[0] in project.tops or (place and place[0] in project.sources):
            return project.owner
    return None


def carrier(site: Site, sites: Sites) -> Owner | None:
    """The distribution that carries an import root inside itself: its vendored copies' home."""
    probe = join(site.path, "-")
    place = SITE.match(site.path)
    above = {other.path: other for other in sites.known if other.count and other is not site}
    if place:
        above[place[1]] = sites.at(place[1])
    for other in _above(site.path, above):
        claimed = other.claims(below(probe, other.path))
        if len(claimed) == 1:
            return other.path, claimed[0][0]
    return None
