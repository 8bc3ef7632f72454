"""The index of one import root: which distributions are in it, and which files are whose.

Built once per image: it is plain data and cached by the identity of the directory or zip file. It
holds nothing of the path of the root, so that the same layer mounted elsewhere shares it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sensor.errors import FileRefused, Malformed
from sensor.formats import pymetadata, pyrecord
from sensor.model.purl import normalized
from sensor.resolvers.python import reasons
from sensor.resolvers.python.installed import Dist, infos, keys, owned_files, read_dist
from sensor.resolvers.python.units import Claim, Units, claims, joined, overlaps, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sensor.model.budget import Budget
    from sensor.model.finding import Plain
    from sensor.resolvers.python.folder import Folder

# The largest environment seen has 900 distributions.
MAX_DISTS = 5_000
# Distributions that share directories are read twice: nobody has more than Azure's, about 150.
MAX_OVERLAPPING = 500
# Distributions that are read between two questions for the time, 0.4 ms each: however little CPU we
# are given, each slice gets that far.
STEP = 16
# Gaps of one root; beyond them only the number is told.
MAX_GAPS = 20

# Lists of vendored copies: pip and poetry-core; setuptools before 71.
_PIN_LISTS = ("vendor.txt", "vendored.txt")
# A list of files is better than a list of names, and that better than a custom.
_RANK = ("RECORD", "installed-files.txt", "SOURCES.txt", "top_level.txt", "name")


class Index(NamedTuple):
    """What `build` found: the value to cache, and whether it can be cached already.

    `settled` is False when a description lacks its list of files, as while it is being installed.
    """

    value: dict[str, Plain]
    settled: bool


class Site:
    """The index of one import root, and where that root is."""

    def __init__(self, path: str, value: Mapping[str, Any], *, archive: bool = False) -> None:
        """Read from a value made by `build`."""
        self.path, self.archive = path, archive
        self._value = value
        self._dists: dict[int, Dist] = {}
        self._places: dict[str, Any] = {}
        self.count = len(value["dists"])
        self.gaps: list[list[str]] = value.get("gaps", [])
        self.pins: dict[str, list[str]] = value.get("pins", {})
        self.frozen: bool = value.get("frozen", False)
        self._files: frozenset[str] | None = None

    def dist(self, number: int) -> Dist:
        """A distribution by its number."""
        known = self._dists.get(number)
        if known is None:
            known = self._dists[number] = Dist.from_plain(self._value["dists"][number])
        return known

    def claims(self, path: str) -> list[Claim]:
        """Who claims a file: by list of files, else by the only one that has its top-level name."""
        found = claims(self._value["units"], path, self._places)
        if found:
            return found
        top = path.partition("/")[0].partition(".")[0]
        number = self._value["tops"].get(top, -1)
        return [(number, None)] if number >= 0 else []

    @property
    def projects(self) -> list[int]:
        """Numbers of the editable installs."""
        return list(self._value.get("projects", ()))

    def holds(self, path: str) -> bool:
        """Whether an archive has this file."""
        if self._files is None:
            self._files = frozenset(self._value.get("files", ()))
        return path in self._files


def build(folder: Folder, budget: Budget) -> Index | None:
    """The index of an import root. None when the budget is used: what was read is remembered."""
    found = infos(folder.names)
    groups = [keys(info) for info in found[:MAX_DISTS]]
    folder.prepare(groups)
    dists: list[Dist] = []
    gaps: list[list[str]] = []
    if len(found) > MAX_DISTS:
        gaps.append([reasons.TOO_MANY_DISTS, f"{len(found)}"])
    fresh = 0
    for number, info in enumerate(found[:MAX_DISTS]):
        known: Any = folder.recall(number)
        if known is None:
            known = _read(folder, info)
            folder.remember(number, known)
            fresh += 1
            if folder.remembers and fresh % STEP == 0 and budget.due():
                return None
        if "gap" in known:
            gaps.append(known["gap"])
        else:
            dists.append(Dist.from_plain(known))
    return _index(folder, _distinct(dists), gaps)


def _read(folder: Folder, info: str) -> dict[str, Plain]:
    try:
        dist = read_dist(folder, info)
    except FileRefused as error:
        return {"gap": [reasons.REFUSED, f"{info}: {error.reason}"]}
    except Malformed as error:
        return {"gap": [reasons.DAMAGED, f"{info}: {error}"]}
    return dist.plain()


def _distinct(dists: Sequence[Dist]) -> list[Dist]:
    """Each name and version once, by its best description (Debian ships two for one)."""
    best: dict[tuple[str, str | None], Dist] = {}
    for dist in dists:
        identity = normalized(dist.name), dist.version
        known = best.get(identity)
        if known is None or _RANK.index(dist.how) < _RANK.index(known.how):
            best[identity] = dist
    return list(best.values())


def _index(folder: Folder, dists: list[Dist], gaps: list[list[str]]) -> Index:
    value: dict[str, Plain] = {
        "dists": [dist.described() for dist in dists],
        "units": plain(_units(folder, dists, gaps)),
        "tops": dict(_tops(dists)),
    }
    pins = _pins(folder, gaps)
    projects = [number for number, dist in enumerate(dists) if dist.project]
    if len(gaps) > MAX_GAPS:
        gaps[MAX_GAPS:] = [[reasons.MORE_GAPS, f"{len(gaps) - MAX_GAPS} more"]]
    extra: dict[str, Any] = {
        "projects": projects,
        "pins": pins,
        "gaps": gaps,
        "frozen": "base_library.zip" in folder.names,
    }
    value |= {name: item for name, item in extra.items() if item}
    return Index(value, all(dist.how == "RECORD" for dist in dists) and not gaps)


def _units(folder: Folder, dists: Sequence[Dist], gaps: list[list[str]]) -> Units:
    """The units of all, and where they overlap the finer ones out of the full lists."""
    cuts = {number: dist.units for number, dist in enumerate(dists)}
    shared = overlaps(cuts)
    numbers = sorted(set().union(*shared.values()))
    if len(numbers) > MAX_OVERLAPPING:
        gaps.append([reasons.TOO_SHARED, f"{len(numbers)}"])
        numbers = []
    tops = tuple(shared)
    units: Units = {
        unit: [(number, None)]
        for number, units in cuts.items()
        for unit in units
        if not unit.startswith(tops)
    }
    full = {number: _below(owned_files(folder, dists[number]), tops) for number in numbers}
    return units | joined(full)


def _below(files: Mapping[str, int | None], tops: tuple[str, ...]) -> dict[str, int | None]:
    return {path: size for path, size in files.items() if path.startswith(tops)}


def _tops(dists: Sequence[Dist]) -> dict[str, int]:
    """Top-level names by the one distribution that has them; -1 where several have."""
    found: dict[str, int] = {}
    for number, dist in enumerate(dists):
        for top in () if dist.project else dist.tops:
            found[top] = -1 if top in found else number
    return found


def _pins(folder: Folder, gaps: list[list[str]]) -> dict[str, list[str]]:
    """Vendored copies by import name: name and version."""
    for name in _PIN_LISTS:
        if name not in folder.names:
            continue
        try:
            data = folder.read(name, pymetadata.MAX_SMALL_BYTES) or b""
            found = pymetadata.pins(data)
        except (FileRefused, Malformed) as error:
            gaps.append([reasons.PINS, f"{name}: {error}"])
            continue
        return {top: [pin.name, pin.version or ""] for top, pin in found.items()}
    return {}


def archive_files(files: Sequence[str]) -> list[str]:
    """The files of an archive that modules can claim."""
    return [path for path in files if path.endswith(pyrecord.SUFFIXES)]
