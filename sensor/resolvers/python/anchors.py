"""What the file of an interpreter says without a process: where _PyRuntime is, which version.

Only the ELF file is read here, so the answer is the same for all processes that run it, and is
cached by its identity. Sources of each anchor are in `layouts`.
"""

from __future__ import annotations

import re
from struct import Struct
from typing import TYPE_CHECKING, Any, NamedTuple

from sensor.errors import Malformed
from sensor.formats.elf import Elf
from sensor.formats.elf_layout import PF_W, PF_X, PT_LOAD
from sensor.formats.source import CHUNK
from sensor.resolvers.python import layouts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sensor.formats.source import Source
    from sensor.model.finding import Plain
    from sensor.model.process import Mapping

# The initialised data of CPython 3.15 with all built-in modules is 3 MB.
MAX_DATA = 16 << 20
# _PyRuntime of 3.15 is 500 KB; of 3.7, 1.5 KB.
MIN_RUNTIME, MAX_RUNTIME = 1 << 10, 16 << 20
NAMED = re.compile(r"python3\.(\d{1,2})")
ELF_64_LITTLE = (8, "<")

_WORD = Struct("<Q")
_HEX_VERSION = Struct("<I")


class DebugOffsets(NamedTuple):
    """The words of _Py_DebugOffsets that are used, see `layouts`."""

    minor: int
    free_threaded: bool
    head: int
    next: int
    modules: int


class Anchors(NamedTuple):
    """What one file says. Addresses are as linked, without the load bias.

    `code` and `code_offset` are the address and file offset of the first executable segment (that
    tells the load bias); `runtime` is _PyRuntime, `head` the static interp_head of 3.6; `minor` is
    the minor version when the file or its name tells it.
    """

    code: int
    code_offset: int
    runtime: int | None = None
    head: int | None = None
    minor: int | None = None
    debug: DebugOffsets | None = None

    def plain(self) -> Plain:
        """A JSON object."""
        return {**self._asdict(), "debug": list(self.debug) if self.debug else None}

    @classmethod
    def from_plain(cls, data: Any) -> Anchors:  # noqa: ANN401 - decoded JSON
        """The anchors of a JSON object made by `plain`."""
        debug = data["debug"]
        return cls(**{**data, "debug": DebugOffsets(*debug) if debug else None})

    def bias(self, mappings: Iterable[Mapping]) -> int | None:
        """The load bias by the mappings of this file; None when its code is not mapped."""
        for mapping in mappings:
            ahead = self.code_offset - mapping.offset
            if "x" in mapping.perms and 0 <= ahead < mapping.size:
                return mapping.start + ahead - self.code
        return None


def anchors(source: Source, name: str) -> Anchors:
    """Read the file of that name. Raises Malformed when it is no 64-bit little-endian program."""
    elf = Elf(source)
    if (elf.layout.word, elf.layout.order) != ELF_64_LITTLE:
        raise Malformed("not a 64-bit little-endian program")
    code = next((segment for segment in elf.loads if segment.flags & PF_X), None)
    if code is None:
        raise Malformed("no executable segment")
    found = _runtime(elf)
    debug = _debug_offsets(elf, found) if found is not None else None
    minor = debug.minor if debug else _minor(elf, name)
    head = None if found is not None else _value(elf, b"interp_head")
    return Anchors(code.vaddr, code.offset, found, head, minor, debug)


def debug_offsets(data: bytes) -> DebugOffsets | None:
    """The offsets that begin a _PyRuntime, if these DEBUG_SIZE bytes are that."""
    if len(data) < layouts.DEBUG_SIZE or not data.startswith(layouts.COOKIE):
        return None

    def word(at: int) -> int:
        return int(_WORD.unpack_from(data, at)[0])

    version, free, size = word(layouts.DEBUG_VERSION), word(layouts.DEBUG_FREE_THREADED), word(24)
    minor = version >> 16 & 0xFF
    if version >> 24 != 3 or minor < layouts.FIRST_DEBUG_MINOR or free > 1:  # noqa: PLR2004 - Python 3
        return None
    modules = word(layouts.DEBUG_MODULES.get(minor, layouts.DEBUG_MODULES_LATER))
    head, following = word(layouts.DEBUG_HEAD), word(layouts.DEBUG_NEXT)
    if not MIN_RUNTIME <= size <= MAX_RUNTIME or max(head, following, modules) > MAX_RUNTIME:
        return None
    return DebugOffsets(minor, bool(free), head, following, modules)


def _runtime(elf: Elf) -> int | None:
    """The address of _PyRuntime: by symbol, by its section (3.10 and later), by its cookie."""
    value = _value(elf, b"_PyRuntime")
    if value is not None:
        return value
    section = elf.section(".PyRuntime")
    if section is not None:
        return section.vaddr
    return next(_cookies(elf), None)


def _value(elf: Elf, name: bytes) -> int | None:
    symbol = elf.symbol(name)
    return symbol.value if symbol else None


def _debug_offsets(elf: Elf, runtime: int) -> DebugOffsets | None:
    """_Py_DebugOffsets are constants, so the file has them, whatever a process has in memory."""
    try:
        return debug_offsets(elf.read_vaddr(runtime, layouts.DEBUG_SIZE))
    except Malformed:
        return None


def _cookies(elf: Elf) -> Iterator[int]:
    """Addresses in initialised writable data where valid _Py_DebugOffsets begin."""
    for segment in elf.segments:
        if segment.type != PT_LOAD or not segment.flags & PF_W:
            continue
        size = min(segment.file_size, MAX_DATA)
        for start in range(0, size, CHUNK):
            want = min(CHUNK + layouts.DEBUG_SIZE, size - start)
            data = elf.read(segment.offset + start, want)
            at = data.find(layouts.COOKIE)
            while at >= 0:
                if debug_offsets(data[at : at + layouts.DEBUG_SIZE]):
                    yield segment.vaddr + start + at
                at = data.find(layouts.COOKIE, at + 1)


def _minor(elf: Elf, name: str) -> int | None:
    """The minor version: the constant Py_Version (3.11 and later), else the name of the file."""
    value = _value(elf, b"Py_Version")
    if value is not None:
        try:
            version: int = _HEX_VERSION.unpack(elf.read_vaddr(value, _HEX_VERSION.size))[0]
        except Malformed:
            version = 0
        if version >> 24 == 3:  # noqa: PLR2004 - Python 3
            return version >> 16 & 0xFF
    named = NAMED.search(name)
    return int(named[1]) if named else None
