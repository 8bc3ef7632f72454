"""Where a format reader gets its bytes: exact ranges of something of a known size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sensor.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Sequence

# (start, size) in bytes: of an address in memory, of an offset in a file.
Range = tuple[int, int]

CHUNK = 1 << 20


class Source(Protocol):
    """Bytes that can be read by range: a file of a workload, or a recording of it."""

    @property
    def size(self) -> int:
        """The size in bytes when it was opened; reads beyond it answer None."""

    def read(self, ranges: Sequence[Range]) -> list[bytes | None]:
        """The bytes of each range, in order; None for a range that is not wholly there."""


class Bytes:
    """A Source over bytes in hand: for parts already read, and for tests."""

    def __init__(self, data: bytes) -> None:
        """Read from `data`."""
        self._data = data

    @property
    def size(self) -> int:
        """The length of the data."""
        return len(self._data)

    def read(self, ranges: Sequence[Range]) -> list[bytes | None]:
        """Slices of the data."""
        return [
            self._data[start : start + size]
            if start >= 0 and size >= 0 and start + size <= len(self._data)
            else None
            for start, size in ranges
        ]


class Part:
    """A Source over a part of another: a stored member of an archive."""

    def __init__(self, source: Source, start: int, size: int) -> None:
        """Read from `size` bytes at `start`. Raises Malformed when they are not there."""
        if start < 0 or size < 0 or start + size > source.size:
            raise Malformed(f"no {size} bytes at {start} of {source.size}")
        self._source = source
        self._start = start
        self._size = size

    @property
    def size(self) -> int:
        """The length of the part."""
        return self._size

    def read(self, ranges: Sequence[Range]) -> list[bytes | None]:
        """The ranges, none of which leaves the part."""
        inside = [self._inside(start, size) for start, size in ranges]
        found = iter(self._source.read([one for one in inside if one is not None]))
        return [None if one is None else next(found) for one in inside]

    def _inside(self, start: int, size: int) -> Range | None:
        if start < 0 or size < 0 or start + size > self._size:
            return None
        return self._start + start, size


def exact(source: Source, start: int, size: int) -> bytes:
    """One range of the source. Raises Malformed when it is not there."""
    data = source.read([(start, size)])[0]
    if data is None:
        raise Malformed(f"no {size} bytes at {start} of {source.size}")
    return data


def whole(source: Source, limit: int) -> bytes:
    """All of the source. Raises Malformed when it is larger than `limit` bytes or shrank."""
    if source.size > limit:
        raise Malformed(f"{source.size} bytes, more than {limit}")
    return exact(source, 0, source.size) if source.size else b""
