"""The cache of parsed files: bounded by the size of its values as JSON, oldest use thrown first."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from sensor.model.file import FileId
    from sensor.model.finding import Plain

# As JSON; Python objects of it take two to four times as much. A node's 64 MiB must hold all.
MAX_BYTES = 8 << 20


@dataclass(slots=True)
class Statistics:
    """How often a value was there, was not, was stored, was thrown away."""

    hits: int = 0
    misses: int = 0
    puts: int = 0
    evicted: int = 0


class FileCache:
    """A `seam.Cache` in this process. A value larger than the whole bound is not kept."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        """Hold up to `max_bytes` of values, measured as JSON."""
        self._max = max_bytes
        self._values: OrderedDict[tuple[str, FileId], tuple[Plain, int]] = OrderedDict()
        self.bytes = 0
        self.statistics: dict[str, Statistics] = {}

    def get(self, kind: str, file: FileId) -> Plain:
        """The value stored for this kind and file, else None."""
        found = self._values.get((kind, file))
        if found is None:
            self._count(kind).misses += 1
            return None
        self._values.move_to_end((kind, file))
        self._count(kind).hits += 1
        return found[0]

    def put(self, kind: str, file: FileId, value: Plain) -> None:
        """Store a value. Raises TypeError when it is not plain data."""
        size = len(orjson.dumps(value))
        old = self._values.pop((kind, file), None)
        self.bytes += size - (old[1] if old else 0)
        self._values[kind, file] = value, size
        self._count(kind).puts += 1
        while self.bytes > self._max:
            (evicted, _), (_, gone) = self._values.popitem(last=False)
            self.bytes -= gone
            self._count(evicted).evicted += 1

    def _count(self, kind: str) -> Statistics:
        return self.statistics.setdefault(kind, Statistics())
