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
