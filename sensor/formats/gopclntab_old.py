"""The function table of Go 1.12 to 1.15 (layout 1.2): names out of records and inline trees.

Each entry leads to a record, and that to a name. Functions that were inlined are named in a tree
beside the data of the function that they were inlined into. Layouts: runtime/runtime2.go (_func),
runtime/symtab.go (inlinedCall, step) of these versions. Older ones have other records: there only
the functions that are not inlined are read.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from sensor.errors import Malformed
from sensor.formats.gopclntab import LAYOUT_OLD, PREFIX, WIDE, Step
from sensor.formats.source import CHUNK, exact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sensor.formats.elf import Elf
    from sensor.formats.gopclntab import Table
    from sensor.formats.source import Range, Source


class Inlining(NamedTuple):
    """Which of a function's tables tell what was inlined, by their numbers."""

    pcdata: int
    funcdata: int


# By minor version of Go (runtime/symtab.go: _PCDATA_InlTreeIndex, _FUNCDATA_InlTree).
INLINING = {12: Inlining(1, 2), **dict.fromkeys((13, 14, 15), Inlining(2, 4))}
# A record with its few tables has some 100 bytes.
LOOK_AHEAD = 4096
# Most pc-value tables are short; longer ones are read again up to the largest that can be.
SHORT_TABLE = 256
LONG_TABLE = 64 << 10
FUNCTIONS_AT_ONCE = 2048
# A name is read up to this size: enough for any import path and the dot behind.
NAME_HEAD = 512
# inlinedCall is five words of four bytes, the fourth is the name; the runtime's parent index has 16
# bits, so no tree is larger.
CALL_SIZE = 20
CALL_NAME = 12
MAX_CALLS = 1 << 15
MAX_SHIFT = 63
# Of one step: honest ones have some 100 KB of pc-value tables and 300 KB of trees.
MAX_PC_BYTES = 1 << 20
MAX_TREE_BYTES = 8 << 20
# Neighbours are read together up to this distance.
GATHER = 4096


def steps(
    elf: Elf, table: Table, inlining: Inlining | None, resume: int | None = None
) -> Iterator[Step]:
    """The package prefixes of all function names, some functions at a time, as `gopclntab.steps`.

    `complete` is False in a step where the names of inlined functions are missing.
    """
    if table.layout != LAYOUT_OLD:
        raise ValueError(f"a table of layout {table.layout}")
    entry = 2 * table.word
    at = table.names if resume is None else resume
    while at < table.names_end:
        size = min(FUNCTIONS_AT_ONCE * entry, table.names_end - at)
        entries = exact(elf.source, at, size)
        at += size
        prefixes, complete = _Functions(elf, table, inlining).read(entries)
        yield Step(prefixes, at if at < table.names_end else None, complete)


class _Functions:
    """Reads the names of some functions, and of what was inlined into them."""

    def __init__(self, elf: Elf, table: Table, inlining: Inlining | None) -> None:
        self._elf, self._table, self._inlining = elf, table, inlining
        self._window = _Window(elf.source, table)
        self._number = Struct(table.order + "i")
        self._pair = Struct(table.order + ("QQ" if table.word == WIDE else "II"))
        self._names: set[int] = set()
        self._complete = inlining is not None

    def read(self, entries: bytes) -> tuple[set[bytes], bool]:
        """Prefixes, and whether those of inlined functions are among them. Raises Malformed."""
        calls = [self._record(offset) for _, offset in self._pair.iter_unpack(entries)]
        for tree in gather(self._elf.source, self._trees([call for call in calls if call])):
            for at in range(CALL_NAME, len(tree), CALL_SIZE):
                self._names.add(self._number.unpack_from(tree, at)[0])
        names = [self._place(name, NAME_HEAD) for name in self._names if name > 0]
        matches = (PREFIX.match(b"\0" + name) for name in gather(self._elf.source, names))
        return {match[1] for match in matches if match}, self._complete

    def _record(self, offset: int) -> tuple[int, int] | None:
        """Note the name of a record; its pc-value table of inlined calls, and their address."""
        at = self._window.move(offset)
        data, word = self._window.data, self._table.word
        if at + word + 32 > len(data):
            raise Malformed("a Go function record outside its table")
        self._names.add(self._number.unpack_from(data, at + word)[0])
        return self._inlined(at, offset) if self._inlining else None

    def _inlined(self, at: int, offset: int) -> tuple[int, int] | None:
        pcdata, funcdata = self._inlining or (0, 0)
        data, word = self._window.data, self._table.word
        # Seven numbers of four bytes, then a byte, two unused, and the count of funcdata; behind it
        # the pcdata, then the funcdata, aligned in the table as they are in memory.
        count = self._number.unpack_from(data, at + word + 24)[0]
        if count <= pcdata or data[at + word + 31] <= funcdata:
            return None
        first = word + 32
        pointer = first + 4 * count + -(offset + first + 4 * count) % word + word * funcdata
        if at + pointer + word > len(data):
            raise Malformed("a Go function with too many tables")
        index = self._number.unpack_from(data, at + first + 4 * pcdata)[0]
        address = self._elf.layout.address.unpack_from(data, at + pointer)[0]
        return (index, address) if index > 0 else None

    def _trees(self, inlined: list[tuple[int, int]]) -> list[Range]:
        """Where in the file the inlined calls are, given their tables and addresses."""
        counts = self._counts(sorted({index for index, _ in inlined}))
        ranges: set[Range] = set()
        for index, address in inlined:
            place = self._elf.vaddr_to_offset(address)
            if counts[index] and place is None:
                # Relocated when it is loaded: the file has no address here.
                self._complete = False
            elif place is not None and counts[index]:
                ranges.add((place, counts[index] * CALL_SIZE))
        if sum(size for _, size in ranges) > MAX_TREE_BYTES:
            raise Malformed("more inlined calls than any program has")
        return list(ranges)

    def _counts(self, indexes: list[int]) -> dict[int, int]:
        """How many inlined calls each pc-value table leads to: its largest value, and one."""
        places = [self._place(index, SHORT_TABLE) for index in indexes]
        counts: dict[int, int] = {}
        spent = 0
        for index, data in zip(indexes, gather(self._elf.source, places), strict=True):
            found = _largest(data)
            if found is None:
                start, size = self._place(index, LONG_TABLE)
                found = _largest(exact(self._elf.source, start, size))
            if found is None or found[0] >= MAX_CALLS:
                raise Malformed("more inlined code than any function has")
            counts[index] = found[0] + 1
            spent += found[1]
            if spent > MAX_PC_BYTES:
                raise Malformed("more inlined code than any program has")
        return counts

    def _place(self, offset: int, size: int) -> Range:
        """Where up to `size` bytes at an offset of the table are in the file."""
        start = self._table.offset + offset
        size = min(size, self._table.end - start)
        if size <= 0:
            raise Malformed("a part of a Go function outside its table")
        return start, size


class _Window:
    """A part of a table that only moves forward: all records together cost one pass over it."""

    def __init__(self, source: Source, table: Table) -> None:
        self._source, self._table = source, table
        self._start = 0
        self.data = b""

    def move(self, offset: int) -> int:
        """Where in `data` an offset of the table is, with LOOK_AHEAD bytes behind it, if any."""
        size = self._table.end - self._table.offset
        if not 0 < offset < size:
            raise Malformed("a Go function record outside its table")
        if offset < self._start:
            raise Malformed("Go function records out of order")
        if min(offset + LOOK_AHEAD, size) > self._start + len(self.data):
            self._start = offset
            start = self._table.offset + offset
            self.data = exact(self._source, start, min(CHUNK, self._table.end - start))
        return offset - self._start


def _largest(data: bytes) -> tuple[int, int] | None:
    """The largest value of a pc-value table, and its size; None when the data ends before it.

    Pairs of varints: a difference of the value, signed by its lowest bit, and one of the address.
    """
    value = largest = -1
    at = 0
    try:
        while True:
            delta, after = _varint(data, at)
            if delta == 0 and at > 0:
                return largest, after
            value += -(delta >> 1) - 1 if delta & 1 else delta >> 1
            largest = max(largest, value)
            _, at = _varint(data, after)
    except IndexError:
        return None


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number in groups of seven bits, and the offset behind it. Raises IndexError, Malformed."""
    value = data[at] & 0x7F
    shift = 0
    while data[at] & 0x80:
        at += 1
        shift += 7
        if shift > MAX_SHIFT:
            raise Malformed("a number of a Go function that is too long")
        value |= (data[at] & 0x7F) << shift
    return value, at + 1


def gather(source: Source, ranges: Sequence[Range]) -> list[bytes]:
    """The bytes of many small ranges in any order, neighbours by one read. Raises Malformed."""
    groups: list[Range] = []
    for start, size in sorted(ranges):
        first, length = groups[-1] if groups else (0, 0)
        end = max(first + length, start + size)
        if groups and start - (first + length) <= GATHER and end - first <= CHUNK:
            groups[-1] = first, end - first
        else:
            groups.append((start, size))
    found: list[bytes] = []
    pending = iter(sorted(ranges))
    place = next(pending, None)
    for first, length in groups:
        data = exact(source, first, length)
        while place is not None and place[0] + place[1] <= first + length:
            found.append(data[place[0] - first : place[0] + place[1] - first])
            place = next(pending, None)
    return found
