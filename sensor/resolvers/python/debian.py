"""Which Debian package owns a module in /usr/lib/python3/dist-packages: dpkg's word comes first.

One pass over dpkg's lists, once per image; the result is cached by the identity of the status file,
and holds only what lies below the asked directory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensor.errors import FileMissing, FileRefused, Malformed
from sensor.formats import dpkg, osrelease
from sensor.formats.pyrecord import SUFFIXES
from sensor.formats.source import whole
from sensor.resolvers.python import reasons
from sensor.resolvers.python.paths import below, inside, join
from sensor.resolvers.python.sites import Due
from sensor.resolvers.python.units import claims, joined, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensor.host.seam import Cache, Files
    from sensor.model.budget import Budget

# Values change their meaning with the number.
OWNERS = "python-dpkg-1"
INFOS = (".dist-info", ".egg-info")
# A desktop has 4,000 lists.
MAX_LISTS = 100_000
MAX_GAPS = 10
# Lists that are read between two questions for the time, 0.15 ms each: each slice gets that far.
STEP = 64

_RELEASES = ("/etc/os-release", "/usr/lib/os-release")


class Debian:
    """Packages of one directory: who ships which file and which description of a distribution."""

    def __init__(self, value: Mapping[str, Any], release: osrelease.Release) -> None:
        """Read a value made by `Dpkg`."""
        self.release = release
        self.gaps: list[list[str]] = value["gaps"]
        self._value = value
        self._places: dict[str, Any] = {}

    def owner(self, path: str) -> int | None:
        """The number of the package that ships a path below the directory."""
        found = claims(self._value["units"], path, self._places)
        return found[0][0] if len(found) == 1 else None

    def package(self, number: int) -> dpkg.Binary:
        """A package by its number."""
        return dpkg.Binary(*self._value["debs"][number][:3])

    def infos(self, number: int) -> list[str]:
        """The .dist-info and .egg-info entries that it ships."""
        found: list[str] = self._value["debs"][number][3]
        return found


def managed(path: str) -> bool:
    """Whether dpkg may own what lies in this import root."""
    return path.startswith(("/usr/lib/", "/lib/")) and path.endswith("/dist-packages")


class Dpkg:
    """The database of dpkg in one root."""

    def __init__(self, files: Files, cache: Cache, budget: Budget) -> None:
        """Read it through `files`."""
        self._files, self._cache, self._budget = files, cache, budget

    def below(self, directory: str) -> Debian | None:
        """The owners of what lies below a directory; None in an image without dpkg.

        Raises Due when the budget is used (what was read is in the cache), and Malformed.
        """
        key = next((k for k in self._files.stat_many([dpkg.STATUS, dpkg.STATUS_PARTS]) if k), None)
        if key is None:
            return None
        release = self._release()
        known: Any = self._cache.get(OWNERS, key) or {}
        value = known.get(directory, {})
        if "units" not in value:
            value, done = self._read(directory, value)
            self._cache.put(OWNERS, key, {**known, directory: value})
            if not done:
                raise Due
        return Debian(value, release)

    def _release(self) -> osrelease.Release:
        for path in _RELEASES:
            data = self._whole(path, osrelease.MAX_BYTES)
            if isinstance(data, bytes):
                return osrelease.release(data)
        raise Malformed("dpkg is there, but no os-release tells whose packages these are")

    def _read(self, directory: str, known: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """Read lists until the budget is used; whether all are read, and what they say."""
        found: dict[str, list[str]] = dict(known.get("found", {}))
        gaps: list[list[str]] = list(known.get("gaps", []))
        pending: list[str] = known["pending"] if known else self._lists(gaps)
        wanted = dpkg.canonical(directory, self._merged())
        for number, path in enumerate(pending):
            rows = self._rows(path, wanted, gaps)
            if rows:
                found[path] = rows
            if number % STEP == STEP - 1 and self._budget.due():
                return {"found": found, "gaps": gaps, "pending": pending[number + 1 :]}, False
        return self._owners(self._diverted(found, wanted), gaps), True

    def _lists(self, gaps: list[list[str]]) -> list[str]:
        """The paths of all lists of files."""
        found = []
        for place, ending in ((dpkg.INFO, ".list"), (dpkg.STATUS_PARTS, ".md5sums")):
            try:
                names = self._files.list_dir(place)[1]
            except FileMissing:
                continue
            except FileRefused as error:
                gaps.append([reasons.DPKG_LIST, str(error)])
                continue
            found += [join(place, name) for name in names if name.endswith(ending)]
        return found[:MAX_LISTS]

    def _rows(self, path: str, directory: str, gaps: list[list[str]]) -> list[str]:
        """The importable files and descriptions below the directory that one list names."""
        data = self._whole(path, dpkg.MAX_LIST)
        if not isinstance(data, bytes):
            gaps.append([reasons.DPKG_LIST, data])
            return []
        read = dpkg.md5sums_below if path.endswith(".md5sums") else dpkg.paths_below
        rows = read(data, directory)
        infos = {info for row in rows if (info := row.partition("/")[0]).endswith(INFOS)}
        return [row for row in rows if row.endswith(SUFFIXES)] + sorted(infos)

    def _diverted(self, found: dict[str, list[str]], directory: str) -> dict[str, list[str]]:
        """The lists with diverted files where they really are."""
        data = self._whole(dpkg.DIVERSIONS, dpkg.MAX_STATUS)
        if not isinstance(data, bytes):
            return found
        moved = {
            below(diversion.path, directory): diversion
            for diversion in dpkg.diversions(data)
            if inside(diversion.path, directory) and inside(diversion.to, directory)
        }
        if not moved:
            return found
        return {
            path: [
                below(moved[row].to, directory)
                if row in moved and moved[row].by != dpkg.package_of(path)
                else row
                for row in rows
            ]
            for path, rows in found.items()
        }

    def _owners(self, found: dict[str, list[str]], gaps: list[list[str]]) -> dict[str, Any]:
        """What is cached: packages that ship something here, and their units."""
        status = self._status(gaps)
        debs: list[list[Any]] = []
        files: dict[int, dict[str, int | None]] = {}
        for path, rows in sorted(found.items()):
            binary = status.get(dpkg.owner_of(path))
            if binary is not None:
                infos = [row for row in rows if row.endswith(INFOS)]
                files[len(debs)] = dict.fromkeys(row for row in rows if row.endswith(SUFFIXES))
                debs.append([*binary, infos])
        return {"debs": debs, "units": plain(joined(files)), "gaps": gaps[:MAX_GAPS]}

    def _status(self, gaps: list[list[str]]) -> dict[tuple[str, str | None], dpkg.Binary]:
        """Installed packages by name, and by name and architecture."""
        paths = [dpkg.STATUS]
        if self._files.stat_many([dpkg.STATUS_PARTS])[0] is not None:
            names = self._files.list_dir(dpkg.STATUS_PARTS)[1]
            paths += [join(dpkg.STATUS_PARTS, name) for name in names if "md5sums" not in name]
        found: dict[tuple[str, str | None], dpkg.Binary] = {}
        for path in paths:
            data = self._whole(path, dpkg.MAX_STATUS)
            for binary in dpkg.installed(data) if isinstance(data, bytes) else ():
                found[binary.name, None] = found[binary.name, binary.arch] = binary
        if not found:
            gaps.append([reasons.DPKG_STATUS, dpkg.STATUS])
        return found

    def _merged(self) -> dict[str, str]:
        there = self._files.stat_many(dpkg.MERGED)
        places = [path for path, found in zip(dpkg.MERGED, there, strict=True) if found]
        return dpkg.aliases((place, self._files.read_link(place)) for place in places)

    def _whole(self, path: str, limit: int) -> bytes | str:
        """The file, or why not."""
        try:
            with self._files.open(path) as file:
                return whole(file, limit)
        except (FileRefused, Malformed) as error:
            return str(error)
