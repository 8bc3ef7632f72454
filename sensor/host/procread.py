"""Read files of /proc through a descriptor of /proc/PID, which never becomes another process."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sensor.errors import NotPermitted, ProcessGone

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 1 << 16


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


@contextmanager
def kernel_says(pid: int) -> Iterator[None]:
    """Turn what the kernel answers about a process into ProcessGone and NotPermitted."""
    try:
        yield
    except (FileNotFoundError, ProcessLookupError) as error:
        raise ProcessGone(f"process {pid} is gone") from error
    except PermissionError as error:
        raise NotPermitted(f"process {pid}: {error.strerror}") from error
