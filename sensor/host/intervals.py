"""Bytes that are known here and there: what was read of a memory or a file, for fixtures."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sensor.formats.source import Range


class Intervals:
    """Known bytes by address. Of two answers for one byte the later one holds."""

    def __init__(self, known: Sequence[tuple[int, bytes]] = ()) -> None:
        """Begin with these (start, bytes)."""
        self._pieces: dict[Range, bytes] = {(start, len(data)): data for start, data in known}
        self._merged: list[tuple[int, bytes]] | None = None

    def add(self, start: int, data: bytes) -> None:
        """Learn bytes."""
        if data:
            self._pieces.pop((start, len(data)), None)
            self._pieces[start, len(data)] = data
            self._merged = None

    def get(self, start: int, size: int) -> bytes | None:
        """The bytes of a range, None unless all of them are known."""
        if size <= 0:
            return None if size else b""
        merged = self.merged()
        index = bisect_right(merged, start, key=lambda piece: piece[0]) - 1
        if index < 0:
            return None
        first, data = merged[index]
        part = data[start - first : start - first + size]
        return part if len(part) == size else None

    def merged(self) -> list[tuple[int, bytes]]:
        """All that is known as (start, bytes): ascending, none touching another."""
        if self._merged is None:
            areas = {start: bytearray(end - start) for start, end in _areas(sorted(self._pieces))}
            starts = list(areas)
            for (start, _), data in self._pieces.items():
                first = starts[bisect_right(starts, start) - 1]
                areas[first][start - first : start - first + len(data)] = data
            self._merged = [(start, bytes(data)) for start, data in areas.items()]
            self._pieces = {(start, len(data)): data for start, data in self._merged}
        return self._merged


def _areas(ranges: Sequence[Range]) -> Iterator[tuple[int, int]]:
    """The union of ascending ranges as (start, end)."""
    begin, end = -1, -1
    for start, size in ranges:
        if start > end:
            if begin >= 0:
                yield begin, end
            begin, end = start, start + size
        end = max(end, start + size)
    if begin >= 0:
        yield begin, end
