"""The tables in which HotSpot describes its own structures, read from libjvm.so and memory.

They were made for the serviceability agent and are in every build: gHotSpotVMStructs names each
field with its offset or, if static, its address; gHotSpotVMIntConstants and
gHotSpotVMLongConstants name numbers. Layout:
src/hotspot/share/runtime/vmStructs.hpp, whose own offsets and strides are exported beside them.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from sensor.errors import Malformed
from sensor.resolvers.java.memory import WORD

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from sensor.formats.elf import Elf
    from sensor.resolvers.java.memory import Memory

INT = Struct("<i")
# Rows have 16 to 56 bytes; a table of JDK 8 to 27 has 150 to 2,600 of them.
MAX_STRIDE = 256
MAX_ROWS = 8192
ROWS_AT_ONCE = 256
# The longest names are those of template instances (200 characters). The strings of a library lie
# together: spans with gaps of up to GAP bytes are read as one, and all of them are 200 KB.
MAX_NAME = 512
GAP = 4096
MAX_STRINGS = 8 << 20


class Field(NamedTuple):
    """One field: `value` is its offset, or its address less the load bias when it is `static`.

    `kind` is its type as C++ writes it.
    """

    value: int
    static: bool
    kind: str


class Tables(NamedTuple):
    """What was asked for and is there: fields by (type, field), constants by name."""

    fields: dict[tuple[str, str], Field]
    constants: dict[str, int]


class _Table(NamedTuple):
    """A table's rows, and where in a row its columns are."""

    rows: list[bytes]
    at: dict[str, int]

    def words(self, column: str) -> list[int]:
        return [WORD.unpack_from(row, self.at[column])[0] for row in self.rows]

    def ints(self, column: str) -> list[int]:
        return [INT.unpack_from(row, self.at[column])[0] for row in self.rows]


class Reader:
    """Reads the tables of one mapped libjvm.so, loaded at `bias`."""

    def __init__(self, memory: Memory, elf: Elf, bias: int) -> None:
        """Read nothing yet."""
        self._memory = memory
        self._elf = elf
        self._bias = bias

    def read(self, types: Collection[str], constants: Collection[str]) -> Tables:
        """All fields of these types, and these constants. Raises Malformed."""
        return Tables(self._fields(types), self._constants(constants))

    def _fields(self, types: Collection[str]) -> dict[tuple[str, str], Field]:
        words = ("TypeName", "FieldName", "TypeString", "Offset", "Address")
        table = self._table("Structs", "StructEntry", words, ("IsStatic",))
        owners = self._strings(table.words("TypeName"))
        mine = [row for row, owner in zip(table.rows, owners, strict=True) if owner in types]
        table = table._replace(rows=mine)
        owners, names, kinds = (self._strings(table.words(column)) for column in words[:3])
        places = zip(
            table.ints("IsStatic"), table.words("Offset"), table.words("Address"), strict=True
        )
        values = [address - self._bias if static else at for static, at, address in places]
        fields = map(Field, values, map(bool, table.ints("IsStatic")), kinds)
        return dict(zip(zip(owners, names, strict=True), fields, strict=True))

    def _constants(self, wanted: Collection[str]) -> dict[str, int]:
        ints = self._table("IntConstants", "IntConstantEntry", ("Name",), ("Value",))
        longs = self._table("LongConstants", "LongConstantEntry", ("Name", "Value"), ())
        names = self._strings(ints.words("Name")) + self._strings(longs.words("Name"))
        pairs = zip(names, ints.ints("Value") + longs.words("Value"), strict=True)
        return {name: value for name, value in pairs if name in wanted}

    def _table(self, name: str, entry: str, words: Iterable[str], ints: Iterable[str]) -> _Table:
        start = self._exported(f"gHotSpotVM{name}")
        stride = self._exported(f"gHotSpotVM{entry}ArrayStride")
        sizes = dict.fromkeys(words, WORD.size) | dict.fromkeys(ints, INT.size)
        at = {column: self._exported(f"gHotSpotVM{entry}{column}Offset") for column in sizes}
        if stride > MAX_STRIDE or any(at[c] + size > stride for c, size in sizes.items()):
            raise Malformed(f"rows of {stride} bytes with columns at {sorted(at.values())}")
        return _Table(list(self._rows(start, stride)), at)

    def _exported(self, name: str) -> int:
        """The value of an exported variable. Untouched, its page is in the file only."""
        symbol = self._elf.symbol(name.encode())
        if symbol is None:
            raise Malformed(f"no symbol {name}")
        data = self._memory.read([(symbol.value + self._bias, WORD.size)])[0]
        return int(WORD.unpack(data or self._elf.read_vaddr(symbol.value, WORD.size))[0])

    def _rows(self, start: int, stride: int) -> Iterator[bytes]:
        """The rows up to the first whose name is null (vmStructs.cpp: the last entry)."""
        for first in range(0, MAX_ROWS, ROWS_AT_ONCE):
            numbers = range(first, first + ROWS_AT_ONCE)
            for row in self._memory.read([(start + n * stride, stride) for n in numbers]):
                if row is None:
                    raise Malformed("a table of HotSpot is not in memory")
                if not any(row[: WORD.size]):
                    return
                yield row
        raise Malformed(f"a table of more than {MAX_ROWS} rows")

    def _strings(self, pointers: list[int]) -> list[str]:
        """The string at each of these addresses; they are constants of the file."""
        found: dict[int, str] = {0: ""}
        total = 0
        for span in _spans(sorted({pointer - self._bias for pointer in pointers if pointer})):
            size = self._room(span)
            total += size
            if total > MAX_STRINGS:
                raise Malformed(f"names of more than {MAX_STRINGS} bytes")
            data = self._elf.read_vaddr(span[0], size)
            found |= {vaddr + self._bias: _text(data, vaddr - span[0]) for vaddr in span}
        return [found[pointer] for pointer in pointers]

    def _room(self, span: list[int]) -> int:
        """Bytes from the first string to the end of the last, if its segment goes so far."""
        for segment in self._elf.loads:
            end = segment.vaddr + segment.file_size
            if segment.vaddr <= span[0] and span[-1] < end:
                return min(span[-1] - span[0] + MAX_NAME, end - span[0])
        raise Malformed(f"no string at {span[-1]:#x}")


def _text(data: bytes, start: int) -> str:
    end = data.find(b"\0", start, start + MAX_NAME)
    return data[start : max(start, end)].decode("latin-1")


def _spans(vaddrs: list[int]) -> Iterator[list[int]]:
    """Groups of ascending addresses that lie close together."""
    group: list[int] = []
    for vaddr in vaddrs:
        if group and vaddr - group[-1] > GAP:
            yield group
            group = []
        group.append(vaddr)
    if group:
        yield group
