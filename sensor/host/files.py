"""Files of one process: opened inside its root only, read by range, with the identity of each.

Nothing is opened for reading before it is known to be a regular file or a directory: merely opening
a device or a FIFO can have effects.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, Final

from sensor.closing import Closing
from sensor.errors import BudgetSpent, FileMissing, FileRefused, ProcessGone
from sensor.formats.pathtext import to_bytes, to_text
from sensor.host.mapped import file_key, places
from sensor.host.walk import Refused
from sensor.model.file import FileId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.formats.source import Range
    from sensor.host.root import Root
    from sensor.host.walk import Place
    from sensor.model.budget import Meter
    from sensor.model.process import Mapping

# The largest directory of packages seen has some 2,000 entries.
MAX_ENTRIES: Final = 100_000
# One range of a file; readers of large files ask for parts.
MAX_RANGE: Final = 256 << 20
_READ: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_REASONS: Final = {
    errno.EACCES: "not permitted",
    errno.EPERM: "not permitted",
    errno.ELOOP: "too many links",
    errno.ENAMETOOLONG: "name too long",
}


class LocalFile(Closing):
    """An open regular file: a `seam.File`. Reads by pread: a mapping of it could be cut off."""

    def __init__(self, fd: int, path: str, identity: FileId, meter: Meter) -> None:
        """Own `fd`; count into `meter`."""
        self._fd = fd
        self._meter = meter
        self.path = path
        self.id = identity

    @property
    def size(self) -> int:
        """Bytes, when it was opened."""
        return self.id.size

    def read(self, ranges: Sequence[Range]) -> list[bytes | None]:
        """See `seam.File.read`. Raises BudgetSpent for a range of more than 256 MiB."""
        return [self._read(start, size) for start, size in ranges]

    def _read(self, start: int, size: int) -> bytes | None:
        if start < 0 or size < 0 or start + size > self.size:
            return None
        if size > MAX_RANGE:
            raise BudgetSpent(f"{size} bytes of {self.path} in one range")
        self._meter.charge(size)
        with _Answers(self.path):
            data = os.pread(self._fd, size, start)
        return data if len(data) == size else None

    def file_key(self) -> tuple[str, int]:
        """The (device, inode) that a mapping of it shows. Raises OSError."""
        return file_key(self._fd)

    def close(self) -> None:
        """Give the descriptor back."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class LocalFiles:
    """A `seam.Files` over the root of a process."""

    def __init__(self, root: Root, process_fd: int, scope: str, exe: str, meter: Meter) -> None:
        """`scope` goes into each identity; `exe` is the path of the program."""
        self._root = root
        self._process = process_fd
        self._scope = scope
        self._exe = exe
        self._meter = meter

    def open(self, path: str) -> LocalFile:
        """See `seam.Files.open`."""
        with _Answers(path):
            return self._regular(self._root.open(_raw(path)), path)

    def open_mapped(self, mapping: Mapping) -> LocalFile:
        """See `seam.Files.open_mapped`. A deleted file can be had while the kernel hands it out."""
        path = mapping.path
        if not mapping.inode:
            raise FileRefused(path, "not a file")
        with _Answers(path):
            for place in places(self._process, mapping, self._exe, self._root):
                file = self._same(place, mapping)
                if file:
                    return file
            if mapping.deleted:
                raise FileRefused(path, "deleted")
            file = self._same(self._root.open(_raw(path)), mapping)
        if not file:
            raise FileRefused(path, "not the mapped file")
        return file

    def list_dir(self, path: str) -> tuple[FileId, list[str]]:
        """See `seam.Files.list_dir`."""
        with _Answers(path):
            place = self._root.open(_raw(path))
            try:
                found = os.fstat(place.fd)
                if not stat.S_ISDIR(found.st_mode):
                    raise FileRefused(path, "not a directory")
                return self._identity(found, place), self._names(place.fd, path)
            finally:
                os.close(place.fd)

    def stat_many(self, paths: Sequence[str]) -> list[FileId | None]:
        """See `seam.Files.stat_many`."""
        return [self._stat(path) for path in paths]

    def read_link(self, path: str) -> str | None:
        """See `seam.Files.read_link`."""
        with _Answers(path):
            place = self._root.open(_raw(path), follow=False)
            try:
                if not stat.S_ISLNK(os.fstat(place.fd).st_mode):
                    return None
                return to_text(os.readlink(b"", dir_fd=place.fd))
            finally:
                os.close(place.fd)

    def _same(self, place: Place, mapping: Mapping) -> LocalFile | None:
        file = self._regular(place, mapping.path)
        try:
            self._meter.charge(0, 5)
            if file.file_key() == mapping.file_key:
                return file
        except BaseException:
            file.close()
            raise
        file.close()
        return None

    def _regular(self, place: Place, path: str) -> LocalFile:
        """Open for reading what was opened with O_PATH, which is closed."""
        try:
            found = os.fstat(place.fd)
            if not stat.S_ISREG(found.st_mode):
                raise FileRefused(path, "not a regular file")
            fd = _for_reading(place.fd, _READ)
        finally:
            os.close(place.fd)
        self._meter.charge(0, 3)
        return LocalFile(fd, path, self._identity(found, place), self._meter)

    def _stat(self, path: str) -> FileId | None:
        try:
            with _Answers(path):
                place = self._root.open(_raw(path))
                try:
                    found = os.fstat(place.fd)
                finally:
                    os.close(place.fd)
        except FileRefused:
            return None
        known = stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)
        return self._identity(found, place) if known else None

    def _names(self, fd: int, path: str) -> list[str]:
        names = []
        directory = _for_reading(fd, _READ | os.O_DIRECTORY)
        try:
            with os.scandir(directory) as entries:
                for entry in entries:
                    names.append(to_text(os.fsencode(entry.name)))
                    if len(names) > MAX_ENTRIES:
                        raise FileRefused(path, f"more than {MAX_ENTRIES} entries")
        finally:
            os.close(directory)
        self._meter.charge(sum(map(len, names)), 3)
        return sorted(names)

    def _identity(self, found: os.stat_result, place: Place) -> FileId:
        """On overlayfs st_dev is of the mount; the rest is of the file in a shared layer."""
        return FileId(
            ino=found.st_ino,
            size=found.st_size,
            mtime_ns=found.st_mtime_ns,
            ctime_ns=found.st_ctime_ns,
            dev=0 if place.mount.kind == "overlay" else found.st_dev,
            scope=self._scope,
        )


def _for_reading(fd: int, flags: int) -> int:
    """Open what is open with O_PATH; without a new time of access, where the owner or root asks."""
    name = f"/proc/self/fd/{fd}"
    try:
        return os.open(name, flags | os.O_NOATIME)
    except PermissionError:
        return os.open(name, flags)


def _raw(path: str) -> bytes:
    """The bytes of an absolute path."""
    try:
        raw = to_bytes(path)
    except ValueError as error:
        raise Refused("not a path") from error
    if not raw.startswith(b"/"):
        raise Refused("not an absolute path")
    return raw


class _Answers:
    """Turns what the kernel answers for a path into our errors.

    Not a generator: around each read of a file that would cost as much as the read.
    """

    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, (FileNotFoundError, NotADirectoryError)):
            raise FileMissing(self._path) from error
        if isinstance(error, ProcessLookupError):
            raise ProcessGone(f"{self._path}: its process is gone") from error
        if isinstance(error, Refused):
            raise FileRefused(self._path, str(error)) from error
        if isinstance(error, OSError):
            known = _REASONS.get(error.errno or 0, str(error.strerror))
            raise FileRefused(self._path, known) from error
