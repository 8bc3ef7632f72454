"""Walk a path inside a root name by name, looking at each mount before anything in it is asked for.

This is the slow way, for kernels without openat2 and for paths that cross mounts. Every name is
opened with O_PATH | O_NOFOLLOW, which asks only the directory it stands in: one on a mount that is
known not to block. Only then is the mount of what was opened looked at. Links are resolved here, so
nothing leaves the root, and the magic links of procfs are only text.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from sensor.host.mounts import refusal
from sensor.host.procfs import parse_mount_id

if TYPE_CHECKING:
    from sensor.host.mounts import MountTable
    from sensor.host.procfs import Mount

# As the kernel (MAXSYMLINKS in include/linux/namei.h).
MAX_LINKS = 40
# Open directories of one walk; no tree of packages is so deep, and descriptors are few (1024).
MAX_DEPTH = 128


class Place(NamedTuple):
    """A thing in a file system, opened with O_PATH, and the mount it is on."""

    fd: int
    mount: Mount


class Refused(Exception):
    """The path may not be opened; the text is the reason."""


class UnknownMount(Refused):
    """The mount is in none of the tables, so nobody knows whether it can hang."""


def mount_of(fd: int, tables: list[MountTable]) -> Mount:
    """The mount of an open descriptor. Raises Refused unless it may be walked into."""
    with open(f"/proc/self/fdinfo/{fd}", "rb") as file:  # noqa: PTH123 - pathlib is slower here
        number = parse_mount_id(file.read())
    for table in tables:
        mount = table.by_id(number)
        if mount is not None:
            reason = refusal(mount.kind)
            if reason:
                raise Refused(reason)
            return mount
    raise UnknownMount("file system not known")


def walk(root: Place, path: bytes, tables: list[MountTable], *, follow: bool) -> Place:
    """Open `path` with O_PATH below `root`; the last name is followed if it is a link and `follow`.

    Raises OSError as the kernel would, and Refused.
    """
    walker = _Walker(root, tables)
    try:
        return walker.run(path, follow=follow)
    finally:
        walker.close()


class _Walker:
    """The directories on the way, the names still to go (last first), the links followed."""

    def __init__(self, root: Place, tables: list[MountTable]) -> None:
        self._root = root
        self._tables = tables
        self._above: list[Place] = []
        self._names: list[bytes] = []
        self._links = 0

    def run(self, path: bytes, *, follow: bool) -> Place:
        self._push(path)
        while self._names:
            name = self._names.pop()
            if name == b"..":
                self._up()
            elif name not in {b"", b"."}:
                self._down(name, follow=follow or bool(self._names))
        if self._above:
            return self._above.pop()
        return Place(os.dup(self._root.fd), self._root.mount)

    def close(self) -> None:
        while self._above:
            self._up()

    def _push(self, path: bytes) -> None:
        if path.startswith(b"/"):
            self.close()
        self._names += reversed(path.split(b"/"))

    def _up(self) -> None:
        if self._above:
            os.close(self._above.pop().fd)

    def _down(self, name: bytes, *, follow: bool) -> None:
        here = self._above[-1] if self._above else self._root
        if len(self._above) >= MAX_DEPTH:
            raise Refused("too many directories")
        fd = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=here.fd)
        try:
            place = Place(fd, mount_of(fd, self._tables))
            mode = os.fstat(fd).st_mode
            link = os.readlink(b"", dir_fd=fd) if follow and stat.S_ISLNK(mode) else None
            if self._names and link is None:
                _require_directory(mode)
        except BaseException:
            os.close(fd)
            raise
        if link is None:
            self._above.append(place)
        else:
            os.close(fd)
            self._follow(link)

    def _follow(self, link: bytes) -> None:
        self._links += 1
        if self._links > MAX_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        self._push(link)


def _require_directory(mode: int) -> None:
    if not stat.S_ISDIR(mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
