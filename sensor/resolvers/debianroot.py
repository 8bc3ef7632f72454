"""The database of dpkg in the root of a process: which files it has, and what they say.

No resolver: what those need that ask who owns a file. Its files are opened here, through the seam;
their formats are in `sensor.formats.dpkg`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensor.errors import FileMissing, FileRefused, Malformed
from sensor.formats import dpkg, osrelease
from sensor.formats.source import whole

if TYPE_CHECKING:
    from sensor.host.seam import Files
    from sensor.model.file import FileId

RELEASES = ("/etc/os-release", "/usr/lib/os-release")
# A desktop has 4,000 lists, distroless images some 50 parts of a status.
MAX_LISTS = 20_000
MAX_PARTS = 1000
SUMS = ".md5sums"

# (path, why it was not read)
Refusal = tuple[str, str]
# Installed packages by (name, architecture), and by (name, None).
Status = dict[tuple[str, str | None], dpkg.Binary]


class DebianRoot:
    """Reads the database. `refusals` tells what is there and could not be read."""

    def __init__(self, files: Files) -> None:
        """Read through `files`."""
        self._files = files
        self.refusals: list[Refusal] = []

    def identity(self) -> FileId | None:
        """What results are cached by: dpkg writes a new status at each change. None: no dpkg."""
        places = (dpkg.STATUS, dpkg.STATUS_PARTS)
        return next((found for found in self._files.stat_many(places) if found), None)

    def release(self) -> osrelease.Release:
        """Whose packages these are. Raises Malformed."""
        for path in RELEASES:
            data = self._whole(path, osrelease.MAX_BYTES)
            if isinstance(data, bytes):
                return osrelease.release(data)
        raise Malformed("dpkg is there, but no os-release tells whose packages these are")

    def label(self) -> str:
        """The same as people and package URLs write it; "an unknown system" when not told."""
        try:
            return self.release().label
        except Malformed:
            return "an unknown system"

    def lists(self) -> list[str]:
        """The paths of all lists of files, sorted in each of the two folders."""
        found = []
        for place, ending in ((dpkg.INFO, ".list"), (dpkg.STATUS_PARTS, SUMS)):
            try:
                names = self._files.list_dir(place)[1]
            except FileMissing:
                continue
            except FileRefused as error:
                self.refusals.append((place, error.reason))
                continue
            found += [f"{place}/{name}" for name in names if name.endswith(ending)]
        return self._bounded(found, MAX_LISTS)

    def read(self, path: str, limit: int = dpkg.MAX_LIST) -> bytes | None:
        """A file of the database; None when it could not be read, which is noted."""
        data = self._whole(path, limit)
        if isinstance(data, bytes):
            return data
        self.refusals.append((path, data))
        return None

    def status(self) -> Status:
        """Installed packages; none where there is no status. Raises Malformed, FileRefused.

        Distroless cuts names of parts (`libssl1` has libssl1.1): those of a part count as well.
        """
        found: Status = {}
        for path in (dpkg.STATUS, *self._parts()):
            data = self._whole(path, dpkg.MAX_STATUS)
            binaries = dpkg.installed(data) if isinstance(data, bytes) else []
            for binary in binaries:
                found[binary.name, None] = found[binary.name, binary.arch] = binary
            if path != dpkg.STATUS and len(binaries) == 1:
                found.setdefault((path.rpartition("/")[2], None), binaries[0])
        return found

    def _parts(self) -> list[str]:
        if self._files.stat_many([dpkg.STATUS_PARTS])[0] is None:
            return []
        names = self._files.list_dir(dpkg.STATUS_PARTS)[1]
        parts = [f"{dpkg.STATUS_PARTS}/{name}" for name in names if not name.endswith(SUMS)]
        return self._bounded(parts, MAX_PARTS)

    def diversions(self) -> list[dpkg.Diversion]:
        """Files that lie elsewhere than their package says. Raises Malformed."""
        data = self._whole(dpkg.DIVERSIONS, dpkg.MAX_STATUS)
        return dpkg.diversions(data) if isinstance(data, bytes) else []

    def merged(self) -> dict[str, str]:
        """Top directories that are links into /usr, by the root's own links."""
        there = self._files.stat_many(dpkg.MERGED)
        places = [path for path, found in zip(dpkg.MERGED, there, strict=True) if found]
        return dpkg.aliases((place, self._files.read_link(place)) for place in places)

    def _bounded(self, paths: list[str], most: int) -> list[str]:
        if len(paths) > most:
            self.refusals.append((paths[most], f"more than {most} such files"))
        return paths[:most]

    def _whole(self, path: str, limit: int) -> bytes | str:
        """The file, or why not."""
        try:
            with self._files.open(path) as file:
                return whole(file, limit)
        except FileRefused as error:
            return error.reason
        except Malformed as error:
            return str(error)
