"""Read files of /proc through a descriptor of /proc/PID, which never becomes another process."""

from __future__ import annotations

import os
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

from sensor.errors import NotPermitted, ProcessGone
from sensor.formats.pathtext import to_text
from sensor.host.procfs import Stat, parse_stat

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 1 << 16
# The name in a stat line has 15 bytes (64 for a kernel thread), each other field 20 digits.
MAX_STAT = 4096
# A server with more open connections than this shows the lowest numbers.
MAX_DESCRIPTORS = 10_000


def open_named(directory: int, name: str) -> int:
    """Open a file of a /proc/PID for reading. Raises OSError."""
    return os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)


def read_all(fd: int, limit: int) -> bytes:
    """Read from the present position to the end, but stop soon after `limit` bytes."""
    parts, size = [], 0
    while size <= limit:
        part = os.read(fd, _CHUNK)
        if not part:
            break
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def read_named(directory: int, name: str, limit: int) -> bytes:
    """Read a whole small file of a /proc/PID; longer than `limit` says that it is not all."""
    fd = open_named(directory, name)
    try:
        return read_all(fd, limit)
    finally:
        os.close(fd)


def read_stat(directory: int, pid: int) -> Stat:
    """The stat of a /proc/PID. Raises OSError, ProcessGone when it has ended (a zombie)."""
    stat = parse_stat(read_named(directory, "stat", MAX_STAT))
    if stat.dead:
        raise ProcessGone(f"process {pid} has ended")
    return stat


def read_descriptors(directory: int) -> list[tuple[int, str]]:
    """Number and target of open descriptors, none where it is not permitted. Raises OSError."""
    try:
        folder = os.open("fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=directory)
    except PermissionError:
        return []
    try:
        with os.scandir(folder) as entries:  # the kernel counts up
            numbers = [int(entry.name) for entry in islice(entries, MAX_DESCRIPTORS)]
        targets = [(number, _target(folder, number)) for number in numbers]
    finally:
        os.close(folder)
    return [(number, target) for number, target in targets if target is not None]


def _target(folder: int, number: int) -> str | None:
    try:
        return to_text(os.readlink(b"%d" % number, dir_fd=folder))
    except FileNotFoundError:
        return None  # closed since the folder was read


@contextmanager
def kernel_says(pid: int) -> Iterator[None]:
    """Turn what the kernel answers about a process into ProcessGone and NotPermitted."""
    try:
        yield
    except (FileNotFoundError, ProcessLookupError) as error:
        raise ProcessGone(f"process {pid} is gone") from error
    except PermissionError as error:
        raise NotPermitted(f"process {pid}: {error.strerror}") from error
