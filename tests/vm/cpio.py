"""Writes cpio archives in the form that the kernel unpacks as its initramfs.

Format "newc" (Documentation/driver-api/early-userspace/buffer-format.rst): a header of hex numbers,
the name, the data, each filled up to four bytes. Archives may follow each other in one file. All
files belong to root; hard links become copies, and devices are left to devtmpfs.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAGIC = "070701"
END = "TRAILER!!!"
# The kernel wants 4; the next archive in the file may start at any such place.
ALIGN = 4


def everything(_path: str) -> bool:
    """Take all files in."""
    return True


class Cpio:
    """One archive. Call `close` at its end; the file stays open."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._ino = 0

    def folder(self, name: str, mode: int = 0o755) -> None:
        self._add(name, stat.S_IFDIR | mode, b"")

    def file(self, name: str, data: bytes, mode: int = 0o644) -> None:
        self._add(name, stat.S_IFREG | mode, data)

    def link(self, name: str, target: str) -> None:
        self._add(name, stat.S_IFLNK | 0o777, os.fsencode(target))

    def tree(self, name: str, source: Path, wanted: Callable[[str], bool] = everything) -> None:
        """Add a folder with all below it at `name` ("" for the root), parents before children.

        `wanted` is asked for each path, relative to `source`; a refused folder is not entered.
        """
        if name:
            self.folder(name)
        for path in sorted(source.iterdir()):
            self._entry(f"{name}/{path.name}".lstrip("/"), path, source, wanted)

    def close(self) -> None:
        """Write the end mark."""
        self._add(END, 0, b"")

    def _entry(self, name: str, path: Path, top: Path, wanted: Callable[[str], bool]) -> None:
        if not wanted(str(path.relative_to(top))):
            return
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            self.link(name, str(path.readlink()))
        elif stat.S_ISREG(status.st_mode):
            self.file(name, path.read_bytes(), status.st_mode & 0o7777)
        elif stat.S_ISDIR(status.st_mode):
            self.folder(name, status.st_mode & 0o7777)
            for below in sorted(path.iterdir()):
                self._entry(f"{name}/{below.name}", below, top, wanted)

    def _add(self, name: str, mode: int, data: bytes) -> None:
        self._ino += 1
        encoded = os.fsencode(name) + b"\0"
        # inode, mode, uid, gid, links, mtime, size, 4 device numbers, length of the name, checksum
        numbers = (self._ino, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0)
        header = MAGIC + "".join(f"{number:08x}" for number in numbers)
        self._padded(header.encode() + encoded)
        self._padded(data)

    def _padded(self, data: bytes) -> None:
        self._out.write(data + b"\0" * (-len(data) % ALIGN))
