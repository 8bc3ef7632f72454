"""Finding one symbol of an ELF file by its name, without decoding whole tables.

Dynamic symbols are found by DT_GNU_HASH or DT_HASH in a few small reads, with or without section
headers; others by a search over .dynsym and .symtab in chunks. Versions of symbols are ignored: the
first definition is the answer. Layouts: gabi chapter 5, and glibc's elf/dl-lookup.c for GNU hash.
"""

from __future__ import annotations

import sys
from functools import cached_property
from typing import TYPE_CHECKING

from sensor.errors import Malformed
from sensor.formats.elf_layout import PT_DYNAMIC, SHT_DYNSYM, SHT_SYMTAB, Symbol
from sensor.formats.source import CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.formats.elf_layout import RawSymbol, Section
    from sensor.formats.elf_parts import Parts

DT_NULL, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_GNU_HASH = 0, 4, 5, 6, 0x6FFFFEF5
# A dynamic section has some 30 entries.
MAX_DYNAMIC = 1 << 16
# The largest table seen is 16 MB (a browser with symbols). Strings and entries each.
MAX_TABLE = 64 << 20
# Linkers merge strings: a name that does not stand for itself may be the tail of a longer one.
MAX_CANDIDATES = 64
# An import is listed once, or once for each of its versions.
MAX_UNDEFINED = 1024
# Hash chains have a handful of entries; this is room for a table with far too few buckets.
MAX_CHAIN = 4096


class Symbols:
    """The symbol tables of one file."""

    def __init__(self, elf: Parts) -> None:
        """Read nothing yet."""
        self._elf = elf
        self._layout = elf.layout

    def find(self, name: bytes) -> Symbol | None:
        """The first definition of `name`. Raises Malformed for damage and passed bounds."""
        if self._hashed:
            found = self._by_hash(name)
            kinds: tuple[int, ...] = (SHT_SYMTAB,)
        else:
            found, kinds = None, (SHT_DYNSYM, SHT_SYMTAB)
        for kind in kinds:
            found = found or self._by_search(kind, name)
        return Symbol(found.value, found.size) if found else None

    @cached_property
    def _dynamic(self) -> dict[int, int]:
        # The first of a repeated tag counts; of those used here none is repeated.
        segment = next((s for s in self._elf.segments if s.type == PT_DYNAMIC), None)
        if segment is None:
            return {}
        entry = self._layout.dynamic
        size = min(segment.file_size, MAX_DYNAMIC) // entry.size * entry.size
        found: dict[int, int] = {}
        for tag, value in entry.iter_unpack(self._elf.read(segment.offset, size)):
            if tag == DT_NULL:
                break
            found.setdefault(tag, value)
        return found

    @property
    def _hashed(self) -> bool:
        dynamic = self._dynamic
        return (
            DT_SYMTAB in dynamic
            and DT_STRTAB in dynamic
            and (DT_GNU_HASH in dynamic or DT_HASH in dynamic)
        )

    def _by_hash(self, name: bytes) -> RawSymbol | None:
        gnu = DT_GNU_HASH in self._dynamic
        for index in self._gnu_chain(name) if gnu else self._sysv_chain(name):
            symbol = self._dynamic_symbol(index)
            if symbol.defined and self._named(symbol, name):
                return symbol
        return None

    def _dynamic_symbol(self, index: int) -> RawSymbol:
        size = self._layout.symbol_size
        at = self._dynamic[DT_SYMTAB] + index * size
        return self._layout.symbol(self._elf.read_vaddr(at, size))

    def _named(self, symbol: RawSymbol, name: bytes) -> bool:
        at = self._dynamic[DT_STRTAB] + symbol.name
        wanted = name + b"\0"
        # A shorter name may be the last of the file: what cannot be read is another name.
        try:
            return self._elf.read_vaddr(at, len(wanted)) == wanted
        except Malformed:
            return False

    def _words(self, vaddr: int, count: int) -> tuple[int, ...]:
        data = self._elf.read_vaddr(vaddr, 4 * count)
        return tuple(word for (word,) in self._layout.half_words.iter_unpack(data))

    def _gnu_chain(self, name: bytes) -> Iterator[int]:
        """Indexes of the symbols whose hash is that of `name`."""
        table = self._dynamic[DT_GNU_HASH]
        buckets, first, bloom_size, _ = self._words(table, 4)
        if buckets == 0:
            return
        wanted = _gnu_hash(name)
        at_buckets = table + 16 + bloom_size * self._layout.word
        (index,) = self._words(at_buckets + 4 * (wanted % buckets), 1)
        if index < first:
            return
        chain = at_buckets + 4 * buckets
        for step in range(MAX_CHAIN):
            (value,) = self._words(chain + 4 * (index + step - first), 1)
            if value | 1 == wanted | 1:
                yield index + step
            if value & 1:
                return
        raise Malformed(f"a hash chain of more than {MAX_CHAIN} symbols")

    def _sysv_chain(self, name: bytes) -> Iterator[int]:
        """Indexes of the symbols in the bucket of `name`."""
        table = self._dynamic[DT_HASH]
        buckets, _ = self._words(table, 2)
        if buckets == 0:
            return
        (index,) = self._words(table + 8 + 4 * (_sysv_hash(name) % buckets), 1)
        for _ in range(MAX_CHAIN):
            if index == 0:
                return
            yield index
            (index,) = self._words(table + 8 + 4 * (buckets + index), 1)
        raise Malformed(f"a hash chain of more than {MAX_CHAIN} symbols")

    def _by_search(self, kind: int, name: bytes) -> RawSymbol | None:
        sections = self._elf.sections
        table = next((s for s in sections if s.type == kind), None)
        if table is None or table.link >= len(sections):
            return None
        own, tails = self._places(sections[table.link], name)
        found = self._with_name(table, own)
        if found is None and len(tails) > MAX_CANDIDATES:
            raise Malformed(f"more than {MAX_CANDIDATES} names end in {name!r}")
        return found or self._with_name(table, tails)

    def _places(self, strings: Section, name: bytes) -> tuple[list[int], list[int]]:
        """Offsets in a string table where `name` stands for itself, and where it ends a string."""
        wanted = name + b"\0"
        own: list[int] = []
        tails: list[int] = []
        for start, data in self._chunks(strings, CHUNK, len(wanted) - 1):
            at = data.find(wanted)
            while at >= 0 and len(own) <= MAX_CANDIDATES:
                alone = at == 0 or data[at - 1] == 0
                if alone or len(tails) <= MAX_CANDIDATES:
                    (own if alone else tails).append(start + at)
                at = data.find(wanted, at + 1)
        return own, tails

    def _with_name(self, table: Section, places: list[int]) -> RawSymbol | None:
        """The first definition whose name is at one of these places of the string table."""
        if not places:
            return None
        size, seen = self._layout.symbol_size, 0
        # The name is the first word of an entry, compared as this machine would read it.
        wanted = {int.from_bytes(self._layout.half_words.pack(at), sys.byteorder) for at in places}
        for _, data in self._chunks(table, CHUNK // size * size, 0):
            whole = memoryview(data)[: len(data) // size * size]
            names = whole.cast("I")[:: size // 4].tolist()
            for number in (number for number, at in enumerate(names) if at in wanted):
                symbol = self._layout.symbol(data, number * size)
                if symbol.defined:
                    return symbol
                seen += 1
                if seen > MAX_UNDEFINED:
                    raise Malformed(f"more than {MAX_UNDEFINED} symbols of one name")
        return None

    def _chunks(self, section: Section, step: int, overlap: int) -> Iterator[tuple[int, bytes]]:
        """The bytes of a section in steps, each with the first `overlap` bytes of the next."""
        if section.file_size > MAX_TABLE:
            raise Malformed(f"{section.name} of {section.file_size} bytes")
        for start in range(0, section.file_size, step):
            size = min(step + overlap, section.file_size - start)
            yield start, self._elf.read(section.offset + start, size)


def _gnu_hash(name: bytes) -> int:
    """The hash of DT_GNU_HASH (glibc, elf/dl-lookup.c: dl_new_hash)."""
    value = 5381
    for byte in name:
        value = (value * 33 + byte) & 0xFFFFFFFF
    return value


def _sysv_hash(name: bytes) -> int:
    """The hash of DT_HASH (gabi, chapter 5)."""
    value = 0
    for byte in name:
        value = (value << 4) + byte
        high = value & 0xF0000000
        value = (value ^ (high >> 24)) & ~high & 0xFFFFFFFF
    return value
