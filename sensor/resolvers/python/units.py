"""Which parts of an import root belong to which distribution: from lists of files to units.

A unit is a regular package whose files all come from one distribution (`flask/`), or a single
file (`six.py`). Python imports a package before any module in it, so a loaded module below a unit
proves that the unit's own code is loaded. A directory without `__init__` is a namespace: many
distributions share it, so it is never a unit, and what lies in it is looked at one level deeper.
Units answer like the full lists of files do, and take a hundredth of their space. Pure data.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from sensor.resolvers.python.paths import parent, parents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sensor.model.finding import Plain

# Who recorded a unit: the number of a distribution, and the recorded size in bytes of a file that
# several distributions record.
Claim = tuple[int, int | None]
Units = dict[str, list[Claim]]

_INIT = re.compile(r"^(.+/)__init__\.[^/]+$")


def cut(paths: Iterable[str], shared: frozenset[str] = frozenset()) -> list[str]:
    """The units of one distribution's importable files; directories end with a slash.

    Directories in `shared` (without a slash) hold files of others too and are never units.
    """
    every = list(paths)
    packages = {found[1] for path in every if (found := _INIT.match(path))}
    tops = _outermost(package for package in packages if package[:-1] not in shared)
    under = tuple(tops)
    return [*tops, *(path for path in every if not path.startswith(under))]


def _outermost(packages: Iterable[str]) -> list[str]:
    """The packages that lie in no other one of the list."""
    tops: list[str] = []
    for package in sorted(packages):
        if not tops or not package.startswith(tops[-1]):
            tops.append(package)
    return tops


def overlaps(units: Mapping[int, Iterable[str]]) -> dict[str, set[int]]:
    """The units that several distributions claim, wholly or a part: top unit to distributions.

    `units` are the cuts of each distribution.
    """
    rows = sorted((unit, number) for number, cuts in units.items() for unit in cuts)
    found: dict[str, set[int]] = {}
    top, owner = "", -1
    for unit, number in rows:
        if top and (unit == top or (top.endswith("/") and unit.startswith(top))):
            if number != owner:
                found.setdefault(top, {owner}).add(number)
        else:
            top, owner = unit, number
    return found


def joined(files: Mapping[int, Mapping[str, int | None]]) -> Units:
    """The units of distributions that share directories, out of their full lists with sizes."""
    held = Counter(place for paths in files.values() for place in _directories(paths))
    shared = frozenset(place for place, count in held.items() if count > 1)
    units: Units = {}
    for number, paths in files.items():
        for unit in cut(paths, shared):
            units.setdefault(unit, []).append((number, paths.get(unit)))
    return units


def _directories(paths: Iterable[str]) -> set[str]:
    return {place for path in paths for place in parents(path)}


def claims(units: Mapping[str, Any], path: str, known: dict[str, Any]) -> list[Claim]:
    """Who claims a file, by its path below the import root; empty when nobody does.

    `units` is the plain form: a number, or [number, size] pairs where several claim. `known`
    remembers the answers for directories, for the next file.
    """
    found = units.get(path)
    if found is None and path.endswith(".pyc"):
        # Compiled in place: the list names the source.
        found = units.get(path[:-1])
    if found is None:
        place = parent(path)
        if place not in known:
            above = (units.get(each + "/") for each in (*parents(place), place))
            known[place] = next((claim for claim in above if claim is not None), None)
        found = known[place]
    if isinstance(found, int):
        return [(found, None)]
    return [(number, size) for number, size in found or ()]


def plain(units: Units) -> dict[str, Plain]:
    """As JSON, short where one distribution alone has the unit."""
    return {
        unit: claimed[0][0] if len(claimed) == 1 else [list(claim) for claim in claimed]
        for unit, claimed in units.items()
    }
