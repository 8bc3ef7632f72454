"""A lazy, bounded ELF reader: segments, sections, addresses, notes, and symbols by name.

It does not relocate, link or disassemble.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from sensor.formats.elf_layout import PT_NOTE, Section, Segment, Symbol
from sensor.formats.elf_parts import Parts
from sensor.formats.elf_symbols import Symbols
from sensor.formats.source import exact

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Elf", "Section", "Segment", "Symbol"]

MAX_NOTES = 1 << 16
NT_GNU_BUILD_ID = 3


class Elf(Parts):
    """One ELF file, with its notes and symbols."""

    def symbol(self, name: bytes) -> Symbol | None:
        """The defined symbol of that exact name: dynamic symbols first, then .symtab.

        Works without section headers, for dynamic symbols, by their hash table. None when there is
        none. Raises Malformed when a table is damaged or passes its bound.
        """
        return self._symbols.find(name)

    @cached_property
    def _symbols(self) -> Symbols:
        return Symbols(self)

    def notes(self) -> Iterator[tuple[bytes, int, bytes]]:
        """The notes of all PT_NOTE segments: name without its NUL, type, content. Bounded."""
        for segment in self.segments:
            if segment.type == PT_NOTE:
                size = min(segment.file_size, MAX_NOTES)
                yield from self._notes(exact(self.source, segment.offset, size), segment.align)

    @property
    def build_id(self) -> str | None:
        """The GNU build id in hex; None when there is none."""
        for name, kind, content in self.notes():
            if name == b"GNU" and kind == NT_GNU_BUILD_ID:
                return content.hex()
        return None

    def _notes(self, data: bytes, align: int) -> Iterator[tuple[bytes, int, bytes]]:
        # Sizes are four bytes in both classes; content is padded to 4, or to 8 where the segment is
        # (gabi, and .note.gnu.property of x86-64).
        step = 8 if align == 8 else 4  # noqa: PLR2004 - the two paddings there are
        word, at = self.layout.half_words, 0
        while at + 12 <= len(data):
            name_size, size, kind = (word.unpack_from(data, at + 4 * i)[0] for i in range(3))
            content = at + 12 + name_size + -(12 + name_size) % step
            if content + size > len(data):
                return
            yield (
                data[at + 12 : at + 12 + name_size].rstrip(b"\0"),
                kind,
                data[content : content + size],
            )
            at = content + size + -size % step
