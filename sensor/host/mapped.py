"""Whether an open file is the one that a process has mapped.

The kernel tells device and inode of a mapping only in maps, and there, on overlayfs before Linux
6.6, they are not those of stat. So we map a page of our file, and compare what the kernel shows for
our mapping with what it shows for the target's: equal on overlayfs of 6.1 and 6.18 (measured).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sensor.host.procfs import parse_maps
from sensor.host.syscalls import map_page, unmap_page
from sensor.host.walk import Place, UnknownMount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.host.root import Root
    from sensor.model.process import Mapping

_OPEN = os.O_PATH | os.O_CLOEXEC


def file_key(fd: int) -> tuple[str, int]:
    """The (device, inode) that maps shows for a mapping of this file. Raises OSError."""
    address = map_page(fd)
    try:
        with open("/proc/self/maps", "rb") as file:  # noqa: PTH123 - pathlib is slower here
            ours = [line for line in file if line.startswith(b"%08x-" % address)]
    finally:
        unmap_page(address)
    mapping = parse_maps(b"".join(ours))
    return mapping[0].file_key if mapping else ("", 0)


def places(process_fd: int, mapping: Mapping, exe: str, root: Root) -> Iterator[Place]:
    """Where the mapped file may be had without its path, opened with O_PATH; the caller closes.

    map_files needs SYS_ADMIN or CHECKPOINT_RESTORE (fs/proc/base.c, proc_map_files_get_link); exe
    needs no more than maps.
    """
    names = [f"map_files/{mapping.start:x}-{mapping.end:x}"]
    if mapping.path == exe:
        names.append("exe")
    for name in names:
        try:
            fd = os.open(name, _OPEN, dir_fd=process_fd)
        except (PermissionError, FileNotFoundError):
            continue  # refused, or the mapping has changed: there are other ways
        try:
            place = Place(fd, root.mount_of(fd))
        except UnknownMount:
            os.close(fd)
            continue  # made by the kernel for itself, or mounted outside the root
        except BaseException:
            os.close(fd)
            raise
        yield place
