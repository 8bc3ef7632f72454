"""Sources for the ELF reader: a file that counts, and a file that is huge and empty."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sensor.formats.source import Range


class FileSource:
    """A file, read as the host does, with the bytes asked for counted in `bytes`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.size = path.stat().st_size
        self.bytes = 0

    def read(self, ranges: Sequence[Range]) -> list[bytes | None]:
        with self._path.open("rb") as file:
            return [self._one(file.fileno(), start, size) for start, size in ranges]

    def _one(self, number: int, start: int, size: int) -> bytes | None:
        self.bytes += size
        if start < 0 or size < 0 or start + size > self.size:
            return None
        return os.pread(number, size, start)


class Sparse:
    """Some bytes at the start of a file of any size and at other offsets, zeros elsewhere."""

    def __init__(self, head: bytes, size: int, parts: Mapping[int, bytes] | None = None) -> None:
        self._head = head
        self._parts = parts or {}
        self.size = size
        self.bytes = 0

    def read(self, ranges: Sequence[Range]) -> list[bytes | None]:
        return [self._one(start, size) for start, size in ranges]

    def _one(self, start: int, size: int) -> bytes | None:
        if start < 0 or size < 0 or start + size > self.size:
            return None
        self.bytes += size
        data = self._parts.get(start, self._head[start : start + size])
        return data[:size].ljust(size, b"\0")


def mapped_files() -> list[Path]:
    """The ELF files that this very process runs: the interpreter and its libraries."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    paths = {line.split(maxsplit=5)[5] for line in lines if " r-xp " in line and "/" in line}
    return sorted(Path(path) for path in paths if Path(path).exists())
