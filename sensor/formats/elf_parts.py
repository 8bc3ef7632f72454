"""What an ELF file consists of: its header, segments, sections, and bytes by offset or address.

It reads only the ranges that a question needs, never a whole file. Layouts: System V ABI (gabi) and
elf(5), 32 and 64 bits, both byte orders.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from sensor.errors import Malformed
from sensor.formats import elf_layout
from sensor.formats.elf_layout import PT_LOAD, Section, Segment
from sensor.formats.source import exact

if TYPE_CHECKING:
    from sensor.formats.source import Source

# Linkers write about a dozen program headers and a few dozen sections (C++ objects with one section
# per function are not what processes map); both leave room for ten times what was seen.
MAX_SEGMENTS = 256
MAX_SECTIONS = 4096
MAX_SECTION_NAMES = 1 << 20
# The page that the kernel maps whole. Only the lowest segment is rounded with it, which starts at a
# page of any size in all linkers' output.
PAGE = 4096


class Parts:
    """One file. Offsets are in bytes of the file, addresses as linked (without bias)."""

    def __init__(self, source: Source) -> None:
        """Read the file header. Raises Malformed when this is no ELF file."""
        self.source = source
        start = exact(source, 0, min(source.size, elf_layout.HEADER_MAX))
        self.layout = elf_layout.layout_of(start)
        self._header = self.layout.header(start)
        self.type = self._header.type
        self.machine = self._header.machine

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The program headers in file order. Raises Malformed: no program runs without them."""
        header, size = self._header, self.layout.segment_size
        if header.segment_count == 0:
            return ()
        if header.segment_count > MAX_SEGMENTS or header.segment_size != size:
            raise Malformed(
                f"{header.segment_count} program headers of {header.segment_size} bytes"
            )
        data = exact(self.source, header.segment_offset, header.segment_count * size)
        return tuple(self.layout.segment(data, at) for at in range(0, len(data), size))

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The section headers in file order; empty when there are none, or not a readable table.

        No program needs them to run, so a damaged table says no more than a missing one.
        """
        try:
            return self._named(self._section_rows())
        except Malformed:
            return ()

    def section(self, name: str) -> Section | None:
        """The first section of that name."""
        return next((section for section in self.sections if section.name == name), None)

    @property
    def loads(self) -> tuple[Segment, ...]:
        """The segments that are mapped into memory."""
        return tuple(segment for segment in self.segments if segment.type == PT_LOAD)

    @property
    def lowest_load(self) -> int:
        """The page address of the lowest loaded segment.

        Of a position-independent file (`type` ET_DYN) the load bias is the start of its lowest
        mapping less this. Raises Malformed when nothing is loaded.
        """
        lowest = min((segment.vaddr for segment in self.loads), default=None)
        if lowest is None:
            raise Malformed("no loaded segment")
        return lowest - lowest % PAGE

    def vaddr_to_offset(self, vaddr: int) -> int | None:
        """Where the byte of an address stands in the file; None for zeroed or unmapped memory."""
        for segment in self.loads:
            if segment.vaddr <= vaddr < segment.vaddr + segment.file_size:
                return segment.offset + vaddr - segment.vaddr
        return None

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of the file. Raises Malformed when they are not there."""
        return exact(self.source, offset, size)

    def read_vaddr(self, vaddr: int, size: int) -> bytes:
        """Bytes at an address. Raises Malformed when not all are in one segment of the file."""
        for segment in self.loads:
            if segment.vaddr <= vaddr and vaddr + size <= segment.vaddr + segment.file_size:
                return self.read(segment.offset + vaddr - segment.vaddr, size)
        raise Malformed(f"no {size} bytes at address {vaddr:#x}")

    def _section_rows(self) -> list[tuple[int, Section]]:
        header, size = self._header, self.layout.section_size
        if header.section_offset == 0:
            return []
        if header.section_size != size or not 0 < header.section_count <= MAX_SECTIONS:
            raise Malformed(
                f"{header.section_count} section headers of {header.section_size} bytes"
            )
        data = exact(self.source, header.section_offset, header.section_count * size)
        return [self.layout.section(data, at) for at in range(0, len(data), size)]

    def _named(self, rows: list[tuple[int, Section]]) -> tuple[Section, ...]:
        if self._header.names_index >= len(rows):
            return tuple(section for _, section in rows)
        table = rows[self._header.names_index][1]
        if table.file_size > MAX_SECTION_NAMES:
            raise Malformed(f"section names of {table.file_size} bytes")
        names = exact(self.source, table.offset, table.file_size)
        return tuple(section._replace(name=_string(names, at)) for at, section in rows)


def _string(table: bytes, at: int) -> str:
    """The NUL-terminated string at an offset; empty when it is not wholly there."""
    end = table.find(b"\0", at)
    return table[at:end].decode("latin-1") if end >= 0 else ""
