"""The parts of an ELF file that a BPF object is made of: sections, symbols, relocations.

Little-endian ELF64 only (the object is for amd64 and arm64). Layouts: elf(5). By struct and not by
pyelftools, whose import costs more than all else that the loading child does; the tests compare.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property

from probes.errors import Malformed

# Our object is 30 kB; more than this is not ours.
MAX_BYTES = 4 << 20
_MAGIC = b"\x7fELF\x02\x01"
_HEADER = struct.Struct("<40xQ10xHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
# BPF objects have relocations without addends (SHT_REL): what is added stands in the code.
_RELOCATION = struct.Struct("<QQ")
SHT_SYMTAB, SHT_REL = 2, 9
STT_OBJECT, STT_FUNC = 1, 2

# What reading damaged bytes ends in: too short, no such index, no text, beyond all memory.
BROKEN = (struct.error, IndexError, ValueError, OverflowError)


@dataclass(frozen=True, slots=True)
class Section:
    """One section: `link` and `info` are numbers of other sections, by `kind` (SHT_…)."""

    name: str
    kind: int
    data: bytes
    link: int
    info: int


@dataclass(frozen=True, slots=True)
class Symbol:
    """One symbol: its STT_… `kind`, and where it is: section number, offset and bytes."""

    name: str
    kind: int
    section: int
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Relocation:
    """At this offset of the section, the address of this symbol is wanted."""

    offset: int
    symbol: Symbol


class Elf:
    """A parsed object file."""

    def __init__(self, data: bytes) -> None:
        """Parse the section headers. Raises Malformed."""
        if data[: len(_MAGIC)] != _MAGIC or len(data) > MAX_BYTES:
            raise Malformed(f"not a little-endian ELF64 object of at most {MAX_BYTES} bytes")
        try:
            self.sections = _sections(data)
        except BROKEN as error:
            raise Malformed(f"section headers of a BPF object: {error}") from error

    def section(self, name: str) -> Section:
        """Return the section of this name. Raises Malformed when there is none."""
        found = next((section for section in self.sections if section.name == name), None)
        if found is None:
            raise Malformed(f"the BPF object has no section {name}")
        return found

    @cached_property
    def symbols(self) -> list[Symbol]:
        """Every symbol, in the order of the table. Raises Malformed."""
        table = next((each for each in self.sections if each.kind == SHT_SYMTAB), None)
        if table is None:
            raise Malformed("the BPF object has no symbols")
        try:
            names = self.sections[table.link].data
            return [
                Symbol(_text(names, name), info & 15, section, value, size)
                for name, info, _, section, value, size in _SYMBOL.iter_unpack(table.data)
            ]
        except BROKEN as error:
            raise Malformed(f"symbols of a BPF object: {error}") from error

    def relocations(self, number: int) -> list[Relocation]:
        """What is to be filled into section `number`. Raises Malformed."""
        tables = [each for each in self.sections if each.kind == SHT_REL and each.info == number]
        try:
            return [
                Relocation(offset, self.symbols[info >> 32])
                for table in tables
                for offset, info in _RELOCATION.iter_unpack(table.data)
            ]
        except BROKEN as error:
            raise Malformed(f"relocations of a BPF object: {error}") from error


def _sections(data: bytes) -> list[Section]:
    offset, entry, count, names_at = _HEADER.unpack_from(data)
    if entry != _SECTION.size:
        raise ValueError(f"an entry has {entry} bytes")
    heads = [_SECTION.unpack_from(data, offset + index * entry) for index in range(count)]
    names = data[heads[names_at][4] :]
    return [
        Section(_text(names, name), kind, data[start : start + size], link, info)
        for name, kind, _, _, start, size, link, info, _, _ in heads
    ]


def _text(names: bytes, offset: int) -> str:
    return names[offset : names.index(b"\0", offset)].decode()
