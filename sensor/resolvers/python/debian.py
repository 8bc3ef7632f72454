"""Which Debian package owns a module in /usr/lib/python3/dist-packages: dpkg's word comes first.

One pass over dpkg's lists, once per image; the result is cached by the identity of the status file,
and holds only what lies below the asked directory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensor.formats import dpkg
from sensor.formats.pyrecord import SUFFIXES
from sensor.resolvers.debianroot import SUMS, DebianRoot
from sensor.resolvers.python import reasons
from sensor.resolvers.python.paths import below, inside
from sensor.resolvers.python.sites import Due
from sensor.resolvers.python.units import claims, joined, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensor.formats.osrelease import Release
    from sensor.host.seam import Cache, Files
    from sensor.model.budget import Budget

# Values change their meaning with the number.
OWNERS = "python-dpkg-1"
INFOS = (".dist-info", ".egg-info")
MAX_GAPS = 10
# Lists that are read between two questions for the time, 0.15 ms each: each slice gets that far.
STEP = 64


class Debian:
    """Packages of one directory: who ships which file and which description of a distribution."""

    def __init__(self, value: Mapping[str, Any], release: Release) -> None:
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
        self._root, self._cache, self._budget = DebianRoot(files), cache, budget

    def below(self, directory: str) -> Debian | None:
        """The owners of what lies below a directory; None in an image without dpkg.

        Raises Due when the budget is used (what was read is in the cache), and Malformed.
        """
        key = self._root.identity()
        if key is None:
            return None
        release = self._root.release()
        known: Any = self._cache.get(OWNERS, key) or {}
        value = known.get(directory, {})
        if "units" not in value:
            value, done = self._read(directory, value)
            self._cache.put(OWNERS, key, {**known, directory: value})
            if not done:
                raise Due
        return Debian(value, release)

    def _read(self, directory: str, known: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """Read lists until the budget is used; whether all are read, and what they say."""
        found: dict[str, list[str]] = dict(known.get("found", {}))
        pending: list[str] = known["pending"] if known else self._root.lists()
        wanted = dpkg.canonical(directory, self._root.merged())
        for number, path in enumerate(pending):
            rows = self._rows(path, wanted)
            if rows:
                found[path] = rows
            if number % STEP == STEP - 1 and self._budget.due():
                left = pending[number + 1 :]
                return {"found": found, "gaps": self._gaps(known), "pending": left}, False
        return self._owners(self._diverted(found, wanted), known), True

    def _rows(self, path: str, directory: str) -> list[str]:
        """The importable files and descriptions below the directory that one list names."""
        data = self._root.read(path)
        if data is None:
            return []
        read = dpkg.md5sums_below if path.endswith(SUMS) else dpkg.paths_below
        rows = read(data, directory)
        infos = {info for row in rows if (info := row.partition("/")[0]).endswith(INFOS)}
        return [row for row in rows if row.endswith(SUFFIXES)] + sorted(infos)

    def _diverted(self, found: dict[str, list[str]], directory: str) -> dict[str, list[str]]:
        """The lists with diverted files where they really are."""
        moved = {
            below(diversion.path, directory): diversion
            for diversion in self._root.diversions()
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

    def _owners(self, found: dict[str, list[str]], known: dict[str, Any]) -> dict[str, Any]:
        """What is cached: packages that ship something here, and their units."""
        status = self._root.status()
        debs: list[list[Any]] = []
        files: dict[int, dict[str, int | None]] = {}
        for path, rows in sorted(found.items()):
            binary = status.get(dpkg.owner_of(path))
            if binary is not None:
                infos = [row for row in rows if row.endswith(INFOS)]
                files[len(debs)] = dict.fromkeys(row for row in rows if row.endswith(SUFFIXES))
                debs.append([*binary, infos])
        gaps = self._gaps(known)
        if not status:
            gaps.append([reasons.DPKG_STATUS, dpkg.STATUS])
        return {"debs": debs, "units": plain(joined(files)), "gaps": gaps[:MAX_GAPS]}

    def _gaps(self, known: dict[str, Any]) -> list[list[str]]:
        """What was not read so far, in earlier slices and in this one."""
        refused = [[reasons.DPKG_LIST, f"{path}: {why}"] for path, why in self._root.refusals]
        return [*known.get("gaps", []), *refused]
