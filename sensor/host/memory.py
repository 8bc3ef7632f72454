"""The memory of one process: only pages that are present, so that reading faults nothing in.

The page map is asked before each read. One descriptor of /proc/PID/mem serves for the life of the
object: after an exec or the end of the process it reads nothing, and never another program.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Final

from sensor.host.pagemap import PAGE, PRESENT, joined, runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sensor.formats.source import Range
    from sensor.host.pagemap import PageMap
    from sensor.model.budget import Meter

# Pages kept for later questions: what chases pointers comes back to the same ones.
MAX_CACHED: Final = (16 << 20) // PAGE
# A longer range is answered with None: no structure is so long, so its length is a lie.
MAX_RANGE: Final = 256 << 20
# One read holds the target's memory map lock for this many bytes at most (measured: 1 MiB is fast).
CHUNK: Final = 1 << 20
_TOP: Final = 1 << 63


class Memory:
    """Reads pages through the two descriptors, which stay the property of the caller."""

    def __init__(
        self,
        fd: int,
        pagemap: PageMap,
        meter: Meter,
        alive: Callable[[], None],
    ) -> None:
        """Read `fd`, counting into `meter`; `alive` raises ProcessGone."""
        self._fd = fd
        self._pagemap = pagemap
        self._meter = meter
        self._alive = alive
        self._cache: dict[int, bytes] = {}

    def read(self, ranges: Sequence[Range], *, fresh: bool = False) -> list[bytes | None]:
        """See `seam.Process.read`."""
        wanted = _wanted(ranges)
        kept = self._cache
        pages = {} if fresh else {page: kept[page] for page in wanted if page in kept}
        new = dict(self._fetch(sorted(wanted.difference(pages))))
        if fresh:
            # Who asks so keeps what he needs: here only what is kept already becomes newer.
            kept |= {page: new[page] for page in kept.keys() & new.keys()}
        else:
            self._keep(new)
        pages |= new
        return [_cut(start, size, pages) for start, size in ranges]

    def find(self, pattern: bytes, ranges: Sequence[Range], limit: int) -> list[int]:
        """See `seam.Process.find`."""
        hits: set[int] = set()
        if limit <= 0:
            return []
        for start, size in ranges:
            for hit in self._find(pattern, start, start + size):
                hits.add(hit)
                if len(hits) >= limit:
                    return sorted(hits)
        return sorted(hits)

    def _keep(self, pages: dict[int, bytes]) -> None:
        if len(pages) > MAX_CACHED:
            return
        if len(self._cache) + len(pages) > MAX_CACHED:
            self._cache.clear()
        self._cache |= pages

    def _fetch(self, wanted: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """Pages with their bytes, of those that are present; `wanted` ascends."""
        for first, count in self._present(joined(wanted)):
            if count == 1:
                data = self._pread(first * PAGE, PAGE)
                if len(data) == PAGE:
                    yield first, data
                continue
            for start, data in self._read_run(first, count):
                for at in range(0, len(data), PAGE):
                    yield (start + at) // PAGE, data[at : at + PAGE]

    def _present(self, groups: Iterable[Sequence[int]]) -> Iterator[tuple[int, int]]:
        """Runs (first page, count) of wanted pages that are present."""
        for group in groups:
            first = group[0]
            flags = self._pagemap.flags(first, group[-1] - first + 1)
            if not flags:
                self._alive()
            elif len(group) == 1:
                if flags == PRESENT:
                    yield first, 1
            else:
                end = first + len(flags)
                yield from runs([page for page in group if page < end and flags[page - first]])

    def _find(self, pattern: bytes, start: int, end: int) -> Iterator[int]:
        """Addresses of matches that lie wholly in start…end, in present pages that adjoin."""
        if not 0 <= start < end <= _TOP:
            return
        tail, expected = b"", -1
        for address, data in self._blocks(start, end):
            block = (tail if address == expected else b"") + data
            base = address + len(data) - len(block)
            yield from (base + at for at in _matches(pattern, block))
            tail = block[max(0, len(block) - len(pattern) + 1) :]
            expected = address + len(data)

    def _blocks(self, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Present bytes of start…end in blocks; the next one adjoins when its pages do."""
        for first, count in self._pagemap.present(start // PAGE, -(-end // PAGE), self._alive):
            for address, data in self._read_run(first, count):
                low = max(start, address)
                part = data[low - address : end - address]
                if part:
                    yield low, part

    def _read_run(self, first: int, count: int) -> Iterator[tuple[int, bytes]]:
        """The bytes of present pages in blocks of whole pages, past those that cannot be read."""
        address, end = first * PAGE, (first + count) * PAGE
        while address < end:
            data = self._pread(address, min(CHUNK, end - address))
            size = len(data) // PAGE * PAGE
            if size:
                yield address, data[:size]
            address += size or PAGE

    def _pread(self, address: int, size: int) -> bytes:
        """What can be read there: a page may have gone since the page map was read."""
        self._meter.charge(size)
        try:
            data = os.pread(self._fd, size, address)
        except OSError as error:
            if error.errno not in {errno.EIO, errno.EFAULT}:
                raise
            return b""
        if not data:
            self._alive()
        return data


def _wanted(ranges: Sequence[Range]) -> set[int]:
    """The pages of all ranges. Most lie in one page each: that must be cheap."""
    wanted: set[int] = set()
    for start, size in ranges:
        page, offset = divmod(start, PAGE)
        if 0 < size <= PAGE - offset and 0 <= start < _TOP:
            wanted.add(page)
        else:
            wanted.update(_pages(start, size))
    return wanted


def _pages(start: int, size: int) -> range:
    if not (start >= 0 and 0 < size <= MAX_RANGE and start + size <= _TOP):
        return range(0)
    return range(start // PAGE, (start + size - 1) // PAGE + 1)


def _cut(start: int, size: int, pages: dict[int, bytes]) -> bytes | None:
    """The bytes of one range out of pages, None when one is not there."""
    offset = start % PAGE
    if 0 < size <= PAGE - offset:
        page = pages.get(start // PAGE)
        return None if page is None else page[offset : offset + size]
    if size == 0:
        return b""
    parts = [pages.get(number) for number in _pages(start, size)]
    there = [part for part in parts if part is not None]
    whole = parts and len(there) == len(parts)
    return b"".join(there)[offset : offset + size] if whole else None


def _matches(pattern: bytes, block: bytes) -> Iterator[int]:
    at = block.find(pattern)
    while at >= 0:
        yield at
        at = block.find(pattern, at + 1)
