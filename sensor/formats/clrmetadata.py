"""Who an assembly says it is: the one row of the Assembly table in the metadata of a .NET file.

Only what leads there is read: the root, the sizes of the tables, the row, the name. ECMA-335 6th
edition, II.24.2 (root, streams, heaps), II.22.2 (Assembly).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from sensor.errors import Malformed
from sensor.formats.clrtables import ASSEMBLY, ASSEMBLY_COLUMNS, ASSEMBLY_FIXED, Sizes

if TYPE_CHECKING:
    from sensor.formats.pe import Pe
    from sensor.formats.source import Range

MAGIC = b"BSJB"
# The version string has up to 255 bytes, and stream names up to 32; compilers write five streams.
ROOT = 1024
MAX_STREAMS = 16
MAX_STREAM_NAME = 32
# A token has 24 bits for the row.
MAX_ROWS = 0xFFFFFF
# The runtime's own bound of a name (MAX_CLASS_NAME in src/coreclr/inc/clrtypes.h).
MAX_NAME = 1024

_ROOT = struct.Struct("<4s2H2L")
_STREAM = struct.Struct("<2L")
# II.24.2.6: reserved, version, HeapSizes, reserved, Valid, Sorted; then the counts of rows.
_TABLES = struct.Struct("<L4B2Q")
_TABLES_MAX = _TABLES.size + 64 * 4 + 4
_EXTRA_DATA = 0x40
_VERSION = struct.Struct("<4x4H4x")


class Assembly(NamedTuple):
    """Name, version as four numbers with dots, and culture ("" but in files of translations)."""

    name: str
    version: str
    culture: str


def assembly(pe: Pe) -> Assembly | None:
    """The assembly of a file; None when it is none (native code, a module). Raises Malformed."""
    if pe.metadata is None:
        return None
    streams = _streams(pe, pe.metadata)
    tables = streams.get("#~") or streams.get("#-")
    strings = streams.get("#Strings")
    if tables is None or strings is None:
        raise Malformed("no tables or no strings in the metadata")
    found = _row(pe, tables)
    if found is None:
        return None
    version, name, culture = found
    return Assembly(_string(pe, strings, name), version, _string(pe, strings, culture))


def _streams(pe: Pe, metadata: Range) -> dict[str, Range]:
    """(address, size) of each stream by its name."""
    start, size = metadata
    root = pe.read_up_to(start, min(size, ROOT))
    try:
        magic, _, _, _, length = _ROOT.unpack_from(root)
        if magic != MAGIC:
            raise Malformed("no metadata root")
        _, count = struct.unpack_from("<2H", root, _ROOT.size + length)
        return dict(_stream_rows(root, _ROOT.size + length + 4, min(count, MAX_STREAMS), metadata))
    except struct.error as error:
        raise Malformed("the metadata root is cut off") from error


def _stream_rows(root: bytes, at: int, count: int, metadata: Range) -> list[tuple[str, Range]]:
    start, size = metadata
    rows = []
    for _ in range(count):
        offset, length = _STREAM.unpack_from(root, at)
        at += _STREAM.size
        end = root.find(b"\0", at, at + MAX_STREAM_NAME)
        if end < 0 or offset + length > size:
            raise Malformed("a stream of the metadata is damaged")
        rows.append((root[at:end].decode("latin-1"), (start + offset, length)))
        # The name is padded with at least one NUL to four bytes.
        at += (end - at) // 4 * 4 + 4
    return rows


def _row(pe: Pe, tables: Range) -> tuple[str, int, int] | None:
    """Version, and places of name and culture in the strings; None without such a row."""
    start, size = tables
    head = pe.read_up_to(start, min(size, _TABLES_MAX))
    try:
        _, _, _, heaps, _, valid, _ = _TABLES.unpack_from(head)
        present = [table for table in range(64) if valid >> table & 1]
        counts = struct.unpack_from(f"<{len(present)}L", head, _TABLES.size)
    except struct.error as error:
        raise Malformed("the tables are cut off") from error
    if max(counts, default=0) > MAX_ROWS:
        raise Malformed(f"a table of {max(counts)} rows")
    rows = dict(zip(present, counts, strict=True))
    if not rows.get(ASSEMBLY):
        return None
    sizes = Sizes(rows, heaps)
    first = _TABLES.size + 4 * len(present) + (4 if heaps & _EXTRA_DATA else 0)
    return _assembly_row(pe, sizes, start + first + sizes.before_assembly())


def _assembly_row(pe: Pe, sizes: Sizes, address: int) -> tuple[str, int, int]:
    widths = [sizes.heap(column) for column in ASSEMBLY_COLUMNS]
    data = pe.read(address, ASSEMBLY_FIXED + sum(widths))
    version = ".".join(str(number) for number in _VERSION.unpack_from(data))
    name_at = ASSEMBLY_FIXED + widths[0]
    culture_at = name_at + widths[1]
    name = int.from_bytes(data[name_at:culture_at], "little")
    return version, name, int.from_bytes(data[culture_at:], "little")


def _string(pe: Pe, strings: Range, at: int) -> str:
    start, size = strings
    if at >= size:
        raise Malformed(f"a name at {at} of {size} bytes of strings")
    data = pe.read_up_to(start + at, min(size - at, MAX_NAME + 1))
    end = data.find(b"\0")
    if end < 0:
        raise Malformed(f"a name of more than {MAX_NAME} bytes")
    return data[:end].decode("utf-8", "replace")
