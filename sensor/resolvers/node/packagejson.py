"""The package.json of folders: each file is read once, those in zip files (yarn PnP) too.

A row is what is kept of one: [name, version, private, in a zip file], or [reason, detail] of why it
is not known. A folder without a package.json has no row. Rows are plain data.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sensor.errors import FileMissing, FileRefused, Malformed
from sensor.formats.packagejson import MAX_BYTES, parse
from sensor.formats.source import whole
from sensor.formats.zipdir import Archive, directory
from sensor.resolvers.node import told
from sensor.resolvers.node.places import split

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sensor.formats.source import Source
    from sensor.host.seam import Cache, Files
    from sensor.model.file import FileId

NAME = "package.json"
# Kinds in the cache; values change their meaning with the number.
KIND = "node-package-1"
ARCHIVE = "node-archive-1"
# Folders that the cache remembers of one archive: a zip file of yarn holds one package.
MAX_INNER = 500
# The largest package known, of icons, has some 30,000 files: 0.1 s.
MAX_ENTRIES = 40_000

Row = list[Any]


class PackageJsons:
    """Reads rows into `rows`, by folder."""

    def __init__(self, files: Files, cache: Cache, rows: dict[str, Row]) -> None:
        """Add to `rows` what `load` finds."""
        self._files, self._cache, self.rows = files, cache, rows

    def load(self, folders: Sequence[str]) -> None:
        """Read the package.json of a few folders: 10 µs for each, 1 ms for each new zip file."""
        known = self._files.stat_many([f"{folder}/{NAME}" for folder in folders])
        zipped: dict[str, list[str]] = defaultdict(list)
        for folder, identity in zip(folders, known, strict=True):
            parts = split(f"{folder}/{NAME}")
            if identity is not None:
                self._keep(folder, self._plain(f"{folder}/{NAME}", identity))
            elif parts is not None:
                zipped[parts[0]].append(parts[1])
        for archive, inner in zipped.items():
            for name, row in self._in_archive(archive, inner):
                self._keep(f"{archive}/{name}".removesuffix(f"/{NAME}"), row)

    def _keep(self, folder: str, row: Row | None) -> None:
        if row is not None:
            self.rows[folder] = row

    def _plain(self, path: str, identity: FileId) -> Row | None:
        known: Any = self._cache.get(KIND, identity)
        if known is None:
            try:
                with self._files.open(path) as file:
                    known = _row(whole(file, MAX_BYTES), zipped=False)
                    self._cache.put(KIND, file.id, known)
            except FileMissing:
                return None
            except FileRefused as error:
                return [told.REFUSED, f"{path}: {error.reason}"]
            except Malformed as error:
                known = [told.DAMAGED, str(error)]
        return _at(path, known)

    def _in_archive(self, archive: str, inner: Sequence[str]) -> Iterable[tuple[str, Row | None]]:
        """Rows of the members of one zip file, None where it has none."""
        identity = self._files.stat_many([archive])[0]
        if identity is None:
            return [(name, None) for name in inner]
        known: Any = self._cache.get(ARCHIVE, identity) or {}
        if not known.keys() >= set(inner):
            known = known | self._opened(archive, [name for name in inner if name not in known])
            if len(known) <= MAX_INNER:
                self._cache.put(ARCHIVE, identity, known)
        return [(name, _at(f"{archive}/{name}", known[name])) for name in inner]

    def _opened(self, archive: str, inner: Sequence[str]) -> dict[str, Row | None]:
        try:
            with self._files.open(archive) as file:
                _check(file)
                members = Archive(file)
                return {name: _member(members, name) for name in inner}
        except FileRefused:
            # A folder with such a name; what lies in a file that is refused is no package's.
            return dict.fromkeys(inner)
        except Malformed as error:
            return {name: [told.ZIP, str(error)] for name in inner}


def _check(file: Source) -> None:
    """Raise Malformed when the archive would take long."""
    entries = directory(file).entries
    if entries > MAX_ENTRIES:
        raise Malformed(f"{entries} files, more than {MAX_ENTRIES}")


def _member(members: Archive, name: str) -> Row | None:
    try:
        data = members.read(name, MAX_BYTES)
        return None if data is None else _row(data, zipped=True)
    except Malformed as error:
        return [told.DAMAGED, str(error)]


def _row(data: bytes, *, zipped: bool) -> Row:
    found = parse(data)
    return [found.name, found.version, found.private, zipped]


def _at(path: str, row: Row | None) -> Row | None:
    """The row; of a problem, that of this path."""
    return [row[0], f"{path}: {row[1]}"] if row is not None and is_problem(row) else row


def is_problem(row: Row) -> bool:
    """Whether a row says why a package.json is not known."""
    return len(row) == 2  # noqa: PLR2004 - reason and detail
