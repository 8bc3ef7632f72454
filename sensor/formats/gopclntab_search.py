"""Where the function table of a Go program stands: by its section, else by looking for its header.

A program may carry another Go program inside it as data, with a table of its own. A table that was
looked for counts only if the program points to it: its own module data always does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensor.errors import Malformed
from sensor.formats import gopclntab
from sensor.formats.elf_layout import PF_W, PF_X, SHT_NOBITS
from sensor.formats.source import CHUNK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.formats.elf import Elf, Segment
    from sensor.formats.gopclntab import Table
    from sensor.formats.source import Range

# Other linkers put the table of a position-independent program here, without a name of its own.
SHARED_SECTION = ".data.rel.ro"
# A table begins at a multiple of 8 (the linker aligns it to 16 or 32).
ALIGN = 8
HEAD_SIZE = 8
# The largest program seen has 130 MB of loaded segments; a file may claim any size.
MAX_SEARCH = 512 << 20
# Writable data is looked at first; the largest seen has 10 MB.
MAX_POINTED = 64 << 20
# A program has one table, and one for each Go program that it carries: each costs a search.
MAX_TABLES = 4


def by_section(elf: Elf) -> Table | None:
    """The table that has a section of its own. Raises Malformed when that holds no table."""
    for name in gopclntab.SECTIONS:
        section = elf.section(name)
        if section is not None and section.type != SHT_NOBITS:
            return gopclntab.header(elf.source, section.offset, section.size)
    return None


def by_search(elf: Elf, resume: int = 0) -> Iterator[Table | None]:
    """One answer for each piece of the file looked at, in order, from number `resume` on.

    The answer is the table, or None when the piece has none. Raises Malformed when a piece is not
    there, or when too many places look like a table. Without an answer that is a table the program
    has none within MAX_SEARCH bytes.
    """
    seen = 0
    for start, size, end in _pieces(elf)[resume:]:
        data = elf.read(start, size)
        answer = None
        for at in gopclntab.candidates(data, elf.layout.order):
            table = _table(elf, start + at, end)
            seen += table is not None
            if seen > MAX_TABLES:
                raise Malformed(f"more than {MAX_TABLES} places look like a Go function table")
            if table and _pointed_at(elf, table):
                answer = table
                break
        yield answer


def _pieces(elf: Elf) -> list[tuple[int, int, int]]:
    """(offset, size, end of its segment) of each piece to look at, likely ones first."""
    pieces: list[tuple[int, int, int]] = []
    total = 0
    for start, size in _places(elf):
        total += size
        if total > MAX_SEARCH:
            break
        pieces += [
            (start + at, min(CHUNK + HEAD_SIZE, size - at), start + size)
            for at in range(0, size, CHUNK)
        ]
    return pieces


def _places(elf: Elf) -> list[Range]:
    section = elf.section(SHARED_SECTION)
    first = [(section.offset, section.file_size)] if section else []
    # Read-only data, then writable (relocated) data, then segments that mix data with code.
    loads = sorted(elf.loads, key=_rank)
    places = [*first, *((segment.offset, segment.file_size) for segment in loads)]
    return [(start - start % ALIGN, size + start % ALIGN) for start, size in places]


def _rank(segment: Segment) -> tuple[bool, bool]:
    return bool(segment.flags & PF_X), bool(segment.flags & PF_W)


def _table(elf: Elf, at: int, end: int) -> Table | None:
    """The table at an offset, if it is one: most places that look like it are code."""
    try:
        return gopclntab.header(elf.source, at, end - at)
    except Malformed:
        return None


def _pointed_at(elf: Elf, table: Table) -> bool:
    """Whether a loaded word holds the address of the table (module data, or its relocation)."""
    addresses = {
        s.vaddr + table.offset - s.offset
        for s in elf.loads
        if s.offset <= table.offset < s.offset + s.file_size
    }
    return any(_holds(elf, elf.layout.address.pack(address)) for address in addresses)


def _holds(elf: Elf, word: bytes) -> bool:
    total = 0
    for segment in sorted(elf.loads, key=lambda s: not s.flags & PF_W):
        total += segment.file_size
        if total > MAX_POINTED:
            return False
        for at in range(0, segment.file_size, CHUNK):
            size = min(CHUNK + len(word), segment.file_size - at)
            if word in elf.read(segment.offset + at, size):
                return True
    return False
