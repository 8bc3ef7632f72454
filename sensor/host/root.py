"""The root of one process: opens paths in it with O_PATH, never outside, never where it can hang.

First the kernel walks the path in one call that may not cross a mount. If it must be crossed, the
mount that stands there is opened by `walk` and the kernel goes on below it; if that fails too
(links across mounts), `walk` goes the whole way. Contents are not read here.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from sensor.host.mounts import MountTable
from sensor.host.procread import read_named
from sensor.host.syscalls import Resolve, has_openat2, openat2
from sensor.host.walk import Place, Refused, UnknownMount, mount_of, walk

if TYPE_CHECKING:
    from sensor.host.procfs import Mount
    from sensor.model.budget import Meter

# fs.mount-max is 100,000 mounts of a namespace; a full node has some 2,000, 200 bytes each.
MAX_MOUNTINFO = 16 << 20
_INSIDE = Resolve.IN_ROOT | Resolve.NO_MAGICLINKS | Resolve.NO_XDEV
# It crosses a mount; it changed under us or leaves BENEATH; a filter forbids the call.
_ANOTHER_WAY = frozenset({errno.EXDEV, errno.EAGAIN, errno.ENOSYS})
_BELOW = Resolve.BENEATH | Resolve.NO_MAGICLINKS | Resolve.NO_XDEV


class Root:
    """Opened at the first path. Close it: open descriptors keep the mounts of a workload busy."""

    def __init__(self, process_fd: int, meter: Meter) -> None:
        """Use the root of the process whose /proc/PID is open as `process_fd`."""
        self._process = process_fd
        self._meter = meter
        self._place: Place | None = None
        self._tables: list[MountTable] = []
        self._below: dict[int, Place] = {}

    def open(self, path: bytes, *, follow: bool = True) -> Place:
        """Open a path with O_PATH; the caller closes `fd`. Raises OSError and Refused."""
        root = self._root()
        self._meter.charge(0, 3)
        flags = os.O_PATH | (0 if follow else os.O_NOFOLLOW)
        if has_openat2() and not self._tables[0].has_autofs:
            try:
                name = path.lstrip(b"/") or b"."
                return Place(openat2(root.fd, name, flags, _INSIDE), root.mount)
            except OSError as error:
                if error.errno not in _ANOTHER_WAY:
                    raise
            place = self._below_mount(path, flags)
            if place:
                return place
        return walk(root, path, self._tables, follow=follow)

    def mount_of(self, fd: int) -> Mount:
        """The mount of a descriptor that was opened in another way. Raises Refused, as `open`."""
        self._root()
        self._meter.charge(0, 3)
        return mount_of(fd, self._tables)

    def close(self) -> None:
        """Give all descriptors back. Closing twice is fine."""
        places = [*self._below.values(), *([self._place] if self._place else [])]
        self._below, self._place = {}, None
        for place in places:
            os.close(place.fd)

    def _root(self) -> Place:
        if self._place is None:
            fd = self._open_root()
            try:
                self._place = Place(fd, self._mount_of_root(fd))
            except BaseException:
                os.close(fd)
                raise
        return self._place

    def _open_root(self) -> int:
        try:
            return os.open("root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._process)
        except FileNotFoundError as error:
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH)) from error

    def _mount_of_root(self, fd: int) -> Mount:
        """Look into the process's own table, then where a mere chroot hides the mount from it."""
        self._tables = [self._table(self._process)]
        try:
            return mount_of(fd, self._tables)
        except UnknownMount:
            self._tables += _tables_around()
        return mount_of(fd, self._tables)

    def _table(self, directory: int) -> MountTable:
        self._meter.charge(0, 3)
        return table_of(directory)

    def _below_mount(self, path: bytes, flags: int) -> Place | None:
        """Open by the mount that the text of the path crosses; None when that is not all."""
        mount = self._tables[0].above(path) if b".." not in path.split(b"/") else None
        root = self._root()
        # A mounted file has nothing below it: `walk` opens it.
        if mount is None or mount.point in {b"/", path}:
            return None
        top = self._below.get(mount.id) or walk(root, mount.point, self._tables, follow=False)
        self._below[mount.id] = top
        rest = path[len(mount.point) :].lstrip(b"/") or b"."
        try:
            return Place(openat2(top.fd, rest, flags, _BELOW), top.mount)
        except OSError as error:
            if error.errno not in _ANOTHER_WAY:
                raise
        return None


def _tables_around() -> list[MountTable]:
    """Our own mounts and those of the first process; the ids of mounts are the same everywhere."""
    tables = []
    for name in ("/proc/self", "/proc/1"):
        directory = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            tables.append(table_of(directory))
        except PermissionError:
            continue  # then the mount stays unknown, and its files are refused with that reason
        finally:
            os.close(directory)
    return tables


def table_of(directory: int) -> MountTable:
    """The mounts of a /proc/PID. Raises OSError, Refused when there are too many."""
    raw = read_named(directory, "mountinfo", MAX_MOUNTINFO)
    if len(raw) > MAX_MOUNTINFO:
        raise Refused("too many mounts")
    return MountTable(raw)
