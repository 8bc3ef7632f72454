"""What the program file says of its V8: the layout by its postmortem symbols. Reads no process.

The answer is the same for all processes that run the file, and is cached by its identity.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Any, NamedTuple

from sensor.errors import FileRefused, Malformed
from sensor.formats.elf import Elf
from sensor.formats.elf_layout import PT_NOTE
from sensor.resolvers.node.detect import library
from sensor.resolvers.node.layouts import (
    MODULE_TYPE,
    OLD_MODULE_TYPES,
    SYMBOLS,
    TAGGED_SIZE,
    Layout,
)
from sensor.resolvers.node.layouts import WORD as WORD_SIZE
from sensor.resolvers.node.reasons import NO_SYMBOLS, PROGRAM_REFUSED, UNSUPPORTED

if TYPE_CHECKING:
    from sensor.formats.elf_layout import Segment
    from sensor.formats.source import Source
    from sensor.host.seam import Cache, Process
    from sensor.model.file import FileId
    from sensor.model.finding import Plain

KIND = "node.postmortem.2"
# Offsets and types are small numbers; flags have up to 31 bits.
_INT = Struct("<i")
ELF_64_LITTLE = (8, "<")
# A single executable application has its program in a note of this name (Node.js:
# src/node_sea.cc; postject writes it into a segment of its own, `node --build-sea` behind the notes
# of the compiler, which have some 3 KB.
SEA_NAME = b"NODE_SEA_BLOB"
SEA_BYTES = 64 << 10


class Program(NamedTuple):
    """What is known of the program: its file and its layout."""

    file: FileId
    layout: Layout


class Declined(NamedTuple):
    """Why there is no layout: reason and detail of a gap."""

    reason: str
    detail: str


def program(process: Process, cache: Cache) -> Program | Declined:
    """Read the file of Node.js that a process has mapped, once for each identity."""
    mapping = library(process)
    if mapping is None:
        return Declined(PROGRAM_REFUSED, "it is not mapped")
    try:
        with process.files.open_mapped(mapping) as file:
            plain: Any = cache.get(KIND, file.id)
            if plain is None:
                plain = read(file)
                cache.put(KIND, file.id, plain)
    except FileRefused as error:
        return Declined(PROGRAM_REFUSED, error.reason)
    layout, reason, detail = plain
    return Program(file.id, Layout(*layout)) if layout else Declined(reason, detail)


def read(source: Source) -> Plain:
    """The layout of a file as plain data, else null; the reason and detail of a gap."""
    try:
        elf = Elf(source)
        if (elf.layout.word, elf.layout.order) != ELF_64_LITTLE:
            return [None, NO_SYMBOLS, "not a 64-bit little-endian program"]
        if any(_is_sea(elf, segment) for segment in elf.segments):
            return [None, UNSUPPORTED, "single executable application of Node.js"]
        return _layout(elf)
    except Malformed as error:
        return [None, NO_SYMBOLS, str(error)]


def _layout(elf: Elf) -> Plain:
    """A name that is not there costs a search of all names: only what can be there is asked for."""
    if _constant(elf, SYMBOLS["map_type"]) is None:
        return [None, NO_SYMBOLS, ""]
    values = {field: _constant(elf, symbol) for field, symbol in SYMBOLS.items()}
    missing = [symbol for field, symbol in SYMBOLS.items() if values[field] is None]
    if missing:
        return [None, NO_SYMBOLS, f"without {missing[0]}"]
    key = values["script_type"] or 0, values["one_byte_chars"] or 0
    values["module_type"] = OLD_MODULE_TYPES.get(key) or _constant(elf, MODULE_TYPE) or 0
    if key not in OLD_MODULE_TYPES and _constant(elf, TAGGED_SIZE) != WORD_SIZE:
        return [None, UNSUPPORTED, "V8 with compressed pointers"]
    return [[values[field] for field in Layout._fields], "", ""]


def _constant(elf: Elf, name: str) -> int | None:
    symbol = elf.symbol(b"v8dbg_" + name.encode())
    if symbol is None:
        return None
    # Zeroed data is not in the file: some constants are 0.
    at = elf.vaddr_to_offset(symbol.value)
    return 0 if at is None else int(_INT.unpack(elf.read(at, _INT.size))[0])


def _is_sea(elf: Elf, segment: Segment) -> bool:
    if segment.type != PT_NOTE:
        return False
    return SEA_NAME in elf.read(segment.offset, min(segment.file_size, SEA_BYTES))
