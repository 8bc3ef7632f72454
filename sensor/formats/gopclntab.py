"""The function table of a Go program ("pclntab"): which packages have a function linked in.

Every function that can run has its name in this table, and since 1.16 every one that was inlined
into it; stripping a program does not take it away. Layouts: Go's runtime/symtab.go and
debug/gosym/pclntab.go, versions 1.2, 1.16, 1.18 and 1.20 (the newest up to Go 1.27). Read in
chunks, so that a caller can stop and go on; lines, files and program counters are not read.
"""

from __future__ import annotations

import re
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from sensor.errors import Malformed
from sensor.formats.source import CHUNK, exact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.formats.source import Source

# Section names: of the Go linker, and of other linkers for position-independent programs.
SECTIONS = (".gopclntab", ".data.rel.ro.gopclntab")
# Each layout by the last byte of its magic 0xfffffffX.
LAYOUT_OLD = "1.2"
LAYOUTS = {0xFB: LAYOUT_OLD, 0xFA: "1.16", 0xF0: "1.18", 0xF1: "1.20"}
# Header words before the offset of the names: functions, files, and since 1.18 the text start.
NAME_WORD = {"1.16": 2, "1.18": 3, "1.20": 3}
HEADER_WORDS = 8
HEAD_SIZE = 8
WIDE = 8
# The largest program seen has 300,000 functions and 40 MB of table.
MAX_FUNCTIONS = 4_000_000
MAX_TABLE = 256 << 20
MAX_IMPORT_PATH = 1024
# A chunk of honest names has 50 bytes for each; a chunk of zeros costs more than all of them.
MIN_NAME = 4
FEW = 16
MAX_PACKAGES = 50_000
MAX_PACKAGE_BYTES = 4 << 20

# The import path in front of a name, but not the C functions that gcc has split ("f.part.0").
# Possessive, so that a name without a dot behind its last slash costs no second try.
PREFIX = re.compile(rb"\0((?:[^\0\[({ /]*+/)*+[^\0\[({ /.]*+)\.(?!(?:isra|part|constprop)\.\d)")
_ESCAPE = re.compile(rb"%([0-9a-f]{2})")
# Of the compiler, not of a package: equality and hash functions, wrappers of unnamed types.
_GENERATED = (b"type:", b"type..", b"go:")
_NO_PACKAGES = frozenset((b"", b"go", b"type"))


class Table(NamedTuple):
    """A function table: where it stands in the file, and where its names are (offsets, bytes)."""

    offset: int
    end: int
    layout: str
    word: int
    order: str
    functions: int
    names: int
    names_end: int


class Step(NamedTuple):
    """What one chunk gave: raw package prefixes, and where to go on; None at the end.

    `complete` says that inlined functions are among those named.
    """

    prefixes: set[bytes]
    resume: int | None
    complete: bool = True


def header(source: Source, offset: int, size: int) -> Table:
    """The table that begins at `offset` and has at most `size` bytes. Raises Malformed."""
    head = exact(source, offset, min(size, 8 + HEADER_WORDS * 8))
    layout, word, order = _kind(head)
    words = _words(head, 8, word, order)
    functions, limit = words[0], min(size, MAX_TABLE)
    if not 0 < functions <= MAX_FUNCTIONS:
        raise Malformed(f"{functions} functions in the Go function table")
    if layout == LAYOUT_OLD:
        start, end = 8 + word, 8 + word + functions * 2 * word
    else:
        start, end = words[NAME_WORD[layout] : NAME_WORD[layout] + 2]
    if not 0 < start < end <= limit:
        raise Malformed(f"Go function names from {start} to {end} of {limit} bytes")
    at = offset
    return Table(at, at + size, layout, word, order, functions, at + start, at + end)


def steps(source: Source, table: Table, resume: int | None = None) -> Iterator[Step]:
    """The package prefixes of all function names, a chunk at a time, from where a Step said.

    For layouts since 1.16, where all names stand in one block, each with a NUL behind it; the older
    one is read by `gopclntab_old`. The same prefix may come again. Raises Malformed.
    """
    if table.layout == LAYOUT_OLD:
        raise ValueError("a table of the old layout")
    at = table.names if resume is None else resume
    while at < table.names_end:
        size = min(CHUNK, table.names_end - at)
        data = exact(source, at, size)
        last = data.rfind(b"\0")
        if last < 0:
            # Names of generic functions spell out their types; the longest seen has some 10 KB.
            raise Malformed(f"a Go function name of more than {size} bytes")
        if data.count(b"\0") > size // MIN_NAME + FEW:
            raise Malformed("Go function names that are too short")
        at += last + 1
        rest = at < table.names_end
        found = set(PREFIX.findall(b"\0" + data[: last + 1]))
        yield Step(_bounded(found), at if rest else None)


def import_path(prefix: bytes) -> str | None:
    """The import path that a prefix stands for; None for what belongs to no package.

    The linker escapes dots of the last element and odd bytes (cmd/internal/objabi, PathToPrefix).
    """
    if prefix in _NO_PACKAGES or prefix.startswith(_GENERATED):
        return None
    plain = _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), prefix)
    return plain.decode("utf-8", "replace")


def candidates(data: bytes, order: str) -> Iterator[int]:
    """Where in `data`, which begins at a multiple of 8, a table could begin. Cheap, not certain."""
    # The bytes of the magic that all layouts share, and the two zeros behind them.
    token, before = (b"\xff\xff\xff\0\0", 1) if order == "<" else (b"\xff\xff\xff", 0)
    at = data.find(token)
    while at >= 0:
        start = at - before
        if start >= 0 and start % 8 == 0 and _plausible(data[start : start + 8]):
            yield start
        at = data.find(token, at + 1)


def _plausible(head: bytes) -> bool:
    try:
        _kind(head)
    except Malformed:
        return False
    return True


def _kind(head: bytes) -> tuple[str, int, str]:
    """Layout, word size and byte order of a table by its first eight bytes."""
    if (
        len(head) >= HEAD_SIZE
        and head[4:6] == b"\0\0"
        and head[6] in {1, 2, 4}
        and head[7] in {4, 8}
    ):
        if head[1:4] == b"\xff\xff\xff" and head[0] in LAYOUTS:
            return LAYOUTS[head[0]], head[7], "<"
        if head[:3] == b"\xff\xff\xff" and head[3] in LAYOUTS:
            return LAYOUTS[head[3]], head[7], ">"
    raise Malformed(f"no Go function table: {head[:8].hex()}")


def _words(data: bytes, at: int, word: int, order: str) -> tuple[int, ...]:
    count = min(HEADER_WORDS, (len(data) - at) // word)
    if count < HEADER_WORDS:
        raise Malformed("a Go function table without room for its header")
    return Struct(f"{order}{count}{'Q' if word == WIDE else 'I'}").unpack_from(data, at)


def _bounded(prefixes: set[bytes]) -> set[bytes]:
    """Without those of C++ functions, which can be long. Raises Malformed for long import paths."""
    long = {prefix for prefix in prefixes if len(prefix) > MAX_IMPORT_PATH}
    if any(b"/" in prefix for prefix in long):
        raise Malformed(f"an import path of more than {MAX_IMPORT_PATH} bytes")
    return prefixes - long
