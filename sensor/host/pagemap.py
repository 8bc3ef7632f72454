"""Which pages of a process are in memory now: /proc/PID/pagemap, bit 63 of each entry.

Documentation/admin-guide/mm/pagemap.rst; one 64-bit entry a page, little endian on amd64 and arm64.
"""

from __future__ import annotations

import os
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sensor.model.budget import Meter

PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_ENTRY: Final = 8
PRESENT: Final = b"\1"
_BIT_63: Final = bytes(top >> 7 for top in range(256))
# Pages between two wanted ones over which one read goes on: an entry costs 25 ns, a call 1 µs.
_GAP: Final = 32
# Pages asked for at once: 64 MiB of addresses in 128 KiB.
_WINDOW: Final = 1 << 14


class PageMap:
    """Reads through a descriptor, which stays the property of the caller."""

    def __init__(self, fd: int, meter: Meter, closed: Sequence[tuple[int, int]] = ()) -> None:
        """Read `fd`, counting into `meter`; `closed` are (start, end) that count as not present."""
        self._fd = fd
        self._meter = meter
        self._closed = [(start // PAGE, -(-end // PAGE)) for start, end in closed]

    def flags(self, first: int, count: int) -> bytes:
        """One byte a page, 1 for a present one; shorter at the end of the address space.

        Empty when the process is gone too: the caller asks in another way.
        """
        self._meter.charge(count * _ENTRY)
        raw = os.pread(self._fd, count * _ENTRY, first * _ENTRY)
        flags = raw[_ENTRY - 1 :: _ENTRY].translate(_BIT_63)
        for start, end in self._closed:
            low, high = max(start - first, 0), min(end - first, len(flags))
            if low < high:
                flags = flags[:low] + bytes(high - low) + flags[high:]
        return flags

    def present(self, first: int, end: int, alive: Callable[[], None]) -> Iterator[tuple[int, int]]:
        """Runs (first page, count) of present pages before page `end`, ascending.

        Pages that adjoin may come as two runs. `alive` raises ProcessGone.
        """
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
