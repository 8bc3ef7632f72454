"""The memory of a JVM: words and structures, and the files behind pages that nobody has touched.

Pages of a file that is mapped read-only and was never touched are not present in memory: they are
read from that file (constant strings of libjvm.so, symbols of an archive of shared classes).
Writable pages are read from memory alone, since they may be elsewhere than in the file.
"""

from __future__ import annotations

from bisect import bisect_right
from struct import Struct
from typing import TYPE_CHECKING

from sensor.closing import Closing
from sensor.errors import FileRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sensor.formats.source import Range
    from sensor.host.seam import File, Process
    from sensor.model.process import Mapping

WORD = Struct("<Q")
# Structures are read in blocks: a pointer chase comes back to the same ones. Small blocks are for
# what lies scattered (the heap of C++), large ones for what lies side by side (metaspace).
PAGE = 4096
SPAN = 16
# Pages kept by one view: 8 MiB. What is chased goes on, and seldom comes back to older ones; but
# the names of one step of a walk, up to 2,000 pages of them, must not be read one by one.
MAX_PAGES = 2048
# User space ends below this address on every 64-bit machine that has HotSpot (5-level paging).
USER_END = 1 << 56
END_PAGE = USER_END // PAGE


def is_pointer(value: int) -> bool:
    """Whether a word can be the address of a structure of HotSpot: all are aligned to 8 bytes."""
    return PAGE <= value < USER_END and value % 8 == 0


class Memory(Closing):
    """Reads a process, and files that it maps. Use it in a `with`: the files are closed after."""

    def __init__(self, process: Process) -> None:
        """Read nothing yet."""
        self._process = process
        self._maps: Sequence[Mapping] = process.maps()
        self._starts: list[int] | None = None
        self._files: dict[tuple[str, int], File | None] = {}

    def read(self, ranges: Sequence[Range]) -> list[bytes | None]:
        """The bytes of each (address, size) as they are now; None where they cannot be had."""
        found = self._process.read(ranges, fresh=True)
        for number, data in enumerate(found):
            if data is None:
                found[number] = self._from_file(*ranges[number])
        return found

    def words(self, addresses: Iterable[int]) -> list[int]:
        """The 8-byte word at each address, 0 where it cannot be read or no pointer led there."""
        asked = list(addresses)
        good = [address for address in asked if is_pointer(address & ~7)]
        found = dict(zip(good, self.read([(address, 8) for address in good]), strict=True))
        raw = (found.get(address) for address in asked)
        return [WORD.unpack(data)[0] if data else 0 for data in raw]

    def word(self, address: int) -> int:
        """The word at one address."""
        return self.words([address])[0]

    def _from_file(self, address: int, size: int) -> bytes | None:
        mapping = self._mapping(address)
        if mapping is None or not mapping.inode or "w" in mapping.perms:
            return None
        if address + size > mapping.end:
            return None
        file = self._file(mapping)
        start = mapping.offset + address - mapping.start
        return file.read([(start, size)])[0] if file else None

    def _mapping(self, address: int) -> Mapping | None:
        if self._starts is None:
            self._starts = [mapping.start for mapping in self._maps]
        at = bisect_right(self._starts, address) - 1
        return self._maps[at] if at >= 0 and address < self._maps[at].end else None

    def _file(self, mapping: Mapping) -> File | None:
        key = mapping.file_key
        if key not in self._files:
            # Whoever asked says what is missing: a refused file is as memory that is absent.
            try:
                self._files[key] = self._process.files.open_mapped(mapping)
            except FileRefused:
                self._files[key] = None
        return self._files[key]

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            if file:
                file.close()
        self._files.clear()


class View:
    """Memory as it is when a page is first asked for, one small piece after the other."""

    def __init__(self, memory: Memory, span: int = SPAN) -> None:
        """Fetch `span` pages at a time."""
        self._memory = memory
        self._span = span
        # What was read, by number of the page: None of what is not there.
        self.pages: dict[int, bytes | None] = {}

    def at(self, address: int, size: int) -> bytes | None:
        """Some bytes; None when they are not all there."""
        page, offset = address // PAGE, address % PAGE
        try:
            data = self.pages[page]
        except KeyError:
            data = self._fetch(page)
        if offset + size <= PAGE:
            return None if data is None else data[offset : offset + size]
        parts = [self.at(address, PAGE - offset), self.at((page + 1) * PAGE, size - PAGE + offset)]
        there = [part for part in parts if part is not None]
        return b"".join(there) if len(there) == len(parts) else None

    def word(self, address: int) -> int:
        """The word at an address, 0 when it is not there."""
        data = self.at(address, 8) if is_pointer(address & ~7) else None
        return WORD.unpack(data)[0] if data else 0

    def prefetch(self, addresses: Iterable[int]) -> None:
        """Have the pages of many addresses read at once: that is cheaper than one by one."""
        wanted = {address // PAGE for address in addresses}
        self._load(sorted(page for page in wanted.difference(self.pages) if 0 < page < END_PAGE))

    def _fetch(self, page: int) -> bytes | None:
        first = page - page % self._span
        self._load(range(first, first + self._span))
        return self.pages[page]

    def _load(self, pages: Sequence[int]) -> None:
        if len(self.pages) + len(pages) > MAX_PAGES:
            self.pages.clear()
        found = self._memory.read([(page * PAGE, PAGE) for page in pages])
        self.pages |= zip(pages, found, strict=True)
