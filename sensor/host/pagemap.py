"""Which pages of a process are in memory now: /proc/PID/pagemap, bit 63 of each entry.

Documentation/admin-guide/mm/pagemap.rst. One 64-bit entry a page, little endian on amd64 and arm64.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from sensor.host.pagescan import Unsupported, scan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sensor.model.budget import Meter

PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_ENTRY: Final = 8
PRESENT: Final = b"\1"
_BIT_63: Final = bytes(top >> 7 for top in range(256))
# Pages between two wanted ones over which one read goes on: an entry costs 25 ns, a call 1 µs.
_GAP: Final = 32
# Areas of fewer pages are read entry by entry: 4 KiB of them, which costs no more than a scan.
_SMALL: Final = 512
# Pages asked for at once: 64 MiB of addresses in 128 KiB.
_WINDOW: Final = 1 << 14


class PageMap:
    """Reads through a descriptor, which stays the property of the caller."""

    def __init__(
        self, fd: int, meter: Meter, closed: Sequence[tuple[int, int]] = (), top: int = 1 << 63
    ) -> None:
        """Read `fd`, counting into `meter`.

        `closed` are (start, end), ascending and apart, whose pages count as not present. There is
        nothing at and above the address `top`.
        """
        self._fd = fd
        self._meter = meter
        self._closed = [(start // PAGE, -(-end // PAGE)) for start, end in closed]
        self._closed_ends = [end for _, end in self._closed]
        self._top = top // PAGE
        self._scans = True

    def flags(self, first: int, count: int) -> bytes:
        """One byte a page, 1 for a present one; shorter at the end of the address space.

        Empty when the process is gone too: the caller asks in another way.
        """
        self._meter.charge(count * _ENTRY)
        raw = os.pread(self._fd, count * _ENTRY, first * _ENTRY)
        flags = raw[_ENTRY - 1 :: _ENTRY].translate(_BIT_63)
        for start, end in self._closed_in(first, first + len(flags)):
            low, high = start - first, end - first
            flags = flags[:low] + bytes(high - low) + flags[high:]
        return flags

    def present(self, first: int, end: int, alive: Callable[[], None]) -> Iterator[tuple[int, int]]:
        """Runs (first page, count) of present pages before page `end`, ascending.

        Pages that adjoin may come as two runs. `alive` raises ProcessGone.
        """
        end = min(end, self._top)
        for low, high in [*self._closed_in(first, end), (end, end)]:
            yield from self._present(first, low, alive)
            first = high

    def _present(
        self, first: int, end: int, alive: Callable[[], None]
    ) -> Iterator[tuple[int, int]]:
        if end - first < _SMALL or not self._scans:
            yield from self._present_by_entry(first, end, alive)
            return
        try:
            for start, stop in scan(self._fd, first * PAGE, end * PAGE, self._meter):
                yield start // PAGE, (stop - start) // PAGE
        except Unsupported:
            self._scans = False
            yield from self._present_by_entry(first, end, alive)
        except ProcessLookupError:
            alive()

    def _present_by_entry(
        self, first: int, end: int, alive: Callable[[], None]
    ) -> Iterator[tuple[int, int]]:
        for start in range(first, end, _WINDOW):
            flags = self.flags(start, min(_WINDOW, end - start))
            if not flags:
                alive()
                return
            at = flags.find(PRESENT)
            while at >= 0:
                stop = flags.find(b"\0", at)
                stop = len(flags) if stop < 0 else stop
                yield start + at, stop - at
                at = flags.find(PRESENT, stop)

    def _closed_in(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """The closed parts of the pages from `first` to `end`."""
        for index in range(bisect_right(self._closed_ends, first), len(self._closed)):
            start, stop = self._closed[index]
            if start >= end:
                break
            yield max(start, first), min(stop, end)


def joined(pages: Sequence[int]) -> Iterator[Sequence[int]]:
    """Ascending pages in groups so near each other that one read of the page map serves them."""
    begin = 0
    for index in range(1, len(pages)):
        page = pages[index]
        if page - pages[index - 1] > _GAP or page - pages[begin] >= _WINDOW:
            yield pages[begin:index]
            begin = index
    if pages:
        yield pages[begin:]


def runs(pages: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Ascending pages as runs (first, count) of neighbours."""
    if not pages:
        return
    first = pages[0]
    for before, page in pairwise(pages):
        if page != before + 1:
            yield first, before - first + 1
            first = page
    yield first, pages[-1] - first + 1
