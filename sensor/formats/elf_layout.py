"""The fixed-size records of an ELF file: header, segment, section, symbol, dynamic entry.

Layouts are those of the System V ABI (gabi, chapters 4 and 5) and of elf(5), for 32 and 64 bits and
both byte orders. Only decoding is here; where records stand and how many there are is in `elf`.
"""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from sensor.errors import Malformed

MAGIC = b"\x7fELF"
IDENT_SIZE = 16
HEADER_MAX = 64

ET_EXEC, ET_DYN = 2, 3
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE = 1, 2, 3, 4
PF_X, PF_W, PF_R = 1, 2, 4
SHT_SYMTAB, SHT_NOBITS, SHT_DYNSYM = 2, 8, 11
SHN_UNDEF = 0
STT_TLS = 6


class Header(NamedTuple):
    """The part of the file header that is used; counts are those of the file, not yet checked."""

    type: int
    machine: int
    segment_offset: int
    section_offset: int
    segment_size: int
    segment_count: int
    section_size: int
    section_count: int
    names_index: int


class Segment(NamedTuple):
    """A program header: `file_size` bytes at `offset` are loaded at `vaddr`."""

    type: int
    flags: int
    offset: int
    vaddr: int
    file_size: int
    memory_size: int
    align: int


class Section(NamedTuple):
    """A section header. A section of type SHT_NOBITS has no bytes in the file."""

    name: str
    type: int
    flags: int
    vaddr: int
    offset: int
    size: int
    link: int
    entry_size: int

    @property
    def file_size(self) -> int:
        """How many bytes of the file it claims."""
        return 0 if self.type == SHT_NOBITS else self.size


class Symbol(NamedTuple):
    """A defined symbol: its address (relative to the load bias) and its size in bytes."""

    value: int
    size: int


class RawSymbol(NamedTuple):
    """An entry of a symbol table, its name still an offset into the string table."""

    name: int
    info: int
    section: int
    value: int
    size: int

    @property
    def defined(self) -> bool:
        """Whether it names an address in this file (not an import, not thread-local storage)."""
        return self.section != SHN_UNDEF and self.info & 0xF != STT_TLS


class Layout:
    """How one kind of ELF file writes its records. `word` is 4 or 8, `order` is "<" or ">"."""

    def __init__(self, *, word: int, order: str) -> None:
        """Prepare the decoders for a word size and a byte order."""
        wide = word == 8  # noqa: PLR2004 - a 64-bit word
        self.word = word
        self.order = order
        self.half_words = Struct(order + "I")
        self.address = Struct(order + ("Q" if wide else "I"))
        self._header = Struct(order + ("HHIQQQIHHHHHH" if wide else "HHIIIIIHHHHHH"))
        self._segment = Struct(order + ("IIQQQQQQ" if wide else "IIIIIIII"))
        self._section = Struct(order + ("IIQQQQIIQQ" if wide else "IIIIIIIIII"))
        self._symbol = Struct(order + ("IBBHQQ" if wide else "IIIBBH"))
        self.dynamic = Struct(order + ("qQ" if wide else "iI"))
        self.segment_size = self._segment.size
        self.section_size = self._section.size
        self.symbol_size = self._symbol.size
        self.header_size = IDENT_SIZE + self._header.size

    def header(self, data: bytes) -> Header:
        """The file header; `data` begins at offset 0. Raises Malformed when it is too short."""
        if len(data) < self.header_size:
            raise Malformed(f"ELF header of {len(data)} bytes")
        row = self._header.unpack_from(data, IDENT_SIZE)
        return Header(row[0], row[1], row[4], row[5], *row[8:])

    def segment(self, data: bytes, at: int) -> Segment:
        """The program header at an offset of `data`."""
        row = self._segment.unpack_from(data, at)
        if self.word == 4:  # noqa: PLR2004 - a 32-bit word: the flags stand behind the sizes
            kind, offset, vaddr, _, file_size, memory_size, flags, align = row
        else:
            kind, flags, offset, vaddr, _, file_size, memory_size, align = row
        return Segment(kind, flags, offset, vaddr, file_size, memory_size, align)

    def section(self, data: bytes, at: int) -> tuple[int, Section]:
        """The section header at an offset of `data`: the offset of its name, and the rest."""
        name, kind, flags, vaddr, offset, size, link, _, _, entry = self._section.unpack_from(
            data, at
        )
        return name, Section("", kind, flags, vaddr, offset, size, link, entry)

    def symbol(self, data: bytes, at: int = 0) -> RawSymbol:
        """The symbol at an offset of `data`."""
        row = self._symbol.unpack_from(data, at)
        if self.word == 4:  # noqa: PLR2004 - a 32-bit word: value and size come first
            name, value, size, info, _, section = row
        else:
            name, info, _, section, value, size = row
        return RawSymbol(name, info, section, value, size)


def layout_of(ident: bytes) -> Layout:
    """The layout that the first bytes of a file announce. Raises Malformed for what is no ELF."""
    if len(ident) < IDENT_SIZE or not ident.startswith(MAGIC):
        raise Malformed("not an ELF file")
    word = {1: 4, 2: 8}.get(ident[4])
    order = {1: "<", 2: ">"}.get(ident[5])
    if word is None or order is None:
        raise Malformed(f"unknown ELF class {ident[4]} or byte order {ident[5]}")
    return Layout(word=word, order=order)
