"""A file tree in memory behind the `Files` seam, and a process that has nothing else.

It counts what is opened and listed, so that tests can say how much reading something costs.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING

from sensor.closing import Closing
from sensor.errors import FileMissing, FileRefused
from sensor.formats.source import Bytes
from sensor.model.budget import Meter
from sensor.model.file import FileId
from sensor.model.process import Arguments, ProcessKey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sensor.formats.source import Range
    from sensor.model.process import Descriptor
    from sensor.model.process import Mapping as Mapped

# Long before any look: the tree is at rest.
OLD = 1_000_000_000
NOW = 1_790_000_000.0


class TreeFile(Bytes, Closing):
    """An open file of a tree."""

    def __init__(self, path: str, identity: FileId, data: bytes, meter: Meter) -> None:
        super().__init__(data)
        self.path, self.id, self._meter = path, identity, meter

    def read(self, ranges: Sequence[Range]) -> list[bytes | None]:
        for _, size in ranges:
            self._meter.charge(size)
        return super().read(ranges)

    def close(self) -> None:
        """Nothing is held."""


class Tree:
    """Files by absolute path. `links` are symbolic links of directories and files.

    `refused` are paths that the host will not open, with the reason. `changed` tells when a path
    last changed, in seconds since the epoch.
    """

    def __init__(
        self, files: Mapping[str, str | bytes], links: Mapping[str, str] | None = None
    ) -> None:
        self.files = {p: d.encode() if isinstance(d, str) else d for p, d in files.items()}
        self.links = dict(links or {})
        self.refused: dict[str, str] = {}
        self.changed: dict[str, int] = {}
        self.meter = Meter()
        self.opened: list[str] = []
        self.listed: list[str] = []

    def open(self, path: str) -> TreeFile:
        path = self._real(path)
        self.meter.charge(0)
        if path in self.refused:
            raise FileRefused(path, self.refused[path])
        if path not in self.files:
            raise FileRefused(path, "no regular file") if self._is_dir(path) else FileMissing(path)
        self.opened.append(path)
        return TreeFile(path, self._id(path), self.files[path], self.meter)

    def open_mapped(self, mapping: Mapped) -> TreeFile:
        return self.open(mapping.path)

    def list_dir(self, path: str) -> tuple[FileId, list[str]]:
        path = self._real(path)
        self.meter.charge(0)
        if path in self.refused:
            raise FileRefused(path, self.refused[path])
        if not self._is_dir(path):
            raise FileRefused(path, "no directory") if path in self.files else FileMissing(path)
        self.listed.append(path)
        return self._id(path), self._entries(path)

    def stat_many(self, paths: Sequence[str]) -> list[FileId | None]:
        self.meter.charge(0, len(paths))
        real = [self._real(path) for path in paths]
        return [self._id(p) if p in self.files or self._is_dir(p) else None for p in real]

    def read_link(self, path: str) -> str | None:
        self.meter.charge(0)
        if path not in self.links and not self.stat_many([path])[0]:
            raise FileMissing(path)
        return self.links.get(path)

    def forget(self) -> None:
        """Count anew."""
        self.opened, self.listed = [], []

    def _is_dir(self, path: str) -> bool:
        return path == "/" or any(known.startswith(path + "/") for known in self.files)

    def _real(self, path: str) -> str:
        for link, target in self.links.items():
            if path == link or path.startswith(link + "/"):
                return self._real("/" + target.strip("/") + path[len(link) :])
        return path

    def _id(self, path: str) -> FileId:
        """As a file system has it: a directory changes with its own entries only."""
        content = self.files.get(path)
        if content is None:
            content = "/".join(self._entries(path)).encode()
        changed = self.changed.get(path, OLD) * 10**9
        ino = zlib.crc32(path.encode() + content)
        return FileId(ino, len(content), changed, changed, 0)

    def _entries(self, path: str) -> list[str]:
        start = path.rstrip("/") + "/"
        every = (*self.files, *self.links)
        return sorted({p[len(start) :].partition("/")[0] for p in every if p.startswith(start)})


class TreeProcess(Closing):
    """A process that is nothing but its files."""

    def __init__(self, tree: Tree) -> None:
        self.files = tree
        self.key, self.at = ProcessKey(1, 1), NOW
        self.exe, self.arguments = "/usr/bin/python3", Arguments()
        self.program, self.maps_digest = self.exe, 1
        self.memory_gap: str | None = None
        self.meter = tree.meter

    def maps(self) -> Sequence[Mapped]:
        return []

    def descriptors(self) -> Sequence[Descriptor]:
        return []

    def read(self, ranges: Sequence[Range], *, fresh: bool = False) -> list[bytes | None]:
        del fresh
        return [None] * len(ranges)

    def find(self, pattern: bytes, ranges: Sequence[Range], *, limit: int) -> list[int]:
        del pattern, ranges, limit
        return []

    def verify(self) -> None:
        """It never ends."""

    def close(self) -> None:
        """Nothing is held."""


def zipped(files: Mapping[str, str | bytes], before: bytes = b"") -> bytes:
    """A zip file of these members, with something before it."""
    buffer = io.BytesIO()
    buffer.write(before)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()
