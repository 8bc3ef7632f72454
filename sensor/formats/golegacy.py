"""What a program of Go 1.12 says of itself, which has no section with build information yet.

The module text is a string constant between two marks (cmd/go/internal/modload: ModInfoData); the
Go version is in a variable that only the symbol table of an unstripped program leads to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensor.errors import Malformed
from sensor.formats import gobuildinfo
from sensor.formats.elf_layout import PF_W
from sensor.formats.source import CHUNK

if TYPE_CHECKING:
    from sensor.formats.elf import Elf

START = bytes.fromhex("3077af0c9274080241e1c107e6d618e6")
END = bytes.fromhex("f932433186182072008242104116d8f2")
VERSION_VARIABLE = b"runtime.buildVersion"
# Read-only data of programs of that age: the largest seen has 30 MB.
MAX_SEARCH = 128 << 20
# The text seen has 10 KB; it is read in one piece behind its mark.
MAX_TEXT = CHUNK


def read(elf: Elf) -> gobuildinfo.BuildInfo | None:
    """Version and modules, as far as they are there; None when neither is. Raises Malformed."""
    version, text = _version(elf), _text(elf)
    return gobuildinfo.parse(version, text) if version or text else None


def _version(elf: Elf) -> str:
    symbol = elf.symbol(VERSION_VARIABLE)
    if symbol is None:
        return ""
    word = elf.layout.word
    pair = elf.read_vaddr(symbol.value, 2 * word)
    (at,) = elf.layout.address.unpack_from(pair, 0)
    (size,) = elf.layout.address.unpack_from(pair, word)
    if size > gobuildinfo.MAX_VERSION:
        raise Malformed(f"a Go version of {size} bytes")
    return elf.read_vaddr(at, size).decode("utf-8", "replace") if size else ""


def _text(elf: Elf) -> bytes:
    total = 0
    for segment in elf.loads:
        total += segment.file_size
        if segment.flags & PF_W or total > MAX_SEARCH:
            continue
        for start in range(0, segment.file_size, CHUNK):
            size = min(CHUNK + len(START), segment.file_size - start)
            at = elf.read(segment.offset + start, size).find(START)
            if at >= 0:
                return _until_end(elf, segment.offset + start + at + len(START))
    return b""


def _until_end(elf: Elf, at: int) -> bytes:
    data = elf.read(at, min(MAX_TEXT, elf.source.size - at))
    end = data.find(END)
    if end < 0:
        raise Malformed("module information without its end")
    return data[:end]
