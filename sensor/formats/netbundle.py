"""The list of files in a single-file .NET program: the program itself, and all behind it.

dotnet/runtime: src/native/corehost/apphost/bundle_marker.cpp (the mark: SHA-256 of ".net core
bundle" and a newline, behind 8 bytes for the place of the header), src/native/corehost/bundle/
(header, manifest, file entry). Version 1 (.NET Core 3) takes its files out into a folder when it
starts; 2 (.NET 5) and 6 (.NET 6 and later) read most of them in place.
"""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, NamedTuple

from sensor.errors import Malformed
from sensor.formats.source import exact

if TYPE_CHECKING:
    from sensor.formats.elf import Elf
    from sensor.formats.source import Range, Source

# sha256 of the text, as bundle_marker.cpp has it: 8b1202b9…
MARK = hashlib.sha256(b".net core bundle\n").digest()
# The mark is in initialised data: 160 KB in .NET 10's own program.
MAX_DATA = 4 << 20
# The largest list seen: 232 files, 20 KB.
MAX_LIST = 2 << 20
MAX_FILES = 5_000
MAX_NAME = 4096
VERSIONS = (1, 2, 6)
ASSEMBLY, NATIVE, DEPS, RUNTIME_CONFIG, SYMBOLS = 1, 2, 3, 4, 5

_HEADER = struct.Struct("<2Li")
_PLACES = struct.Struct("<4qQ")
_ENTRY = struct.Struct("<2q")
_PACKED = struct.Struct("<q")
# A length of .NET's BinaryWriter: seven bits in each byte, up to five bytes.
_MAX_SHIFT = 28
# PF_W of elf(5).
_WRITABLE = 2
# Since then files can be packed.
_PACKED_SINCE = 6


class Entry(NamedTuple):
    """A file: `size` bytes at `offset` of the program, or `packed` bytes if that is not 0."""

    path: str
    offset: int
    size: int
    packed: int
    kind: int


class Bundle(NamedTuple):
    """Version of the format (1, 2 or 6), and the files in their order."""

    version: int
    entries: tuple[Entry, ...]


def header(elf: Elf) -> int | None:
    """Where the header of the bundle stands; None when the program carries none.

    Raises Malformed when its data cannot be searched.
    """
    for start, size in _data(elf):
        if size > MAX_DATA:
            raise Malformed(f"{size} bytes of data to search")
        data = elf.read(start, size)
        at = data.find(MARK)
        if at >= _PACKED.size:
            (place,) = _PACKED.unpack_from(data, at - _PACKED.size)
            return place or None
    return None


def _data(elf: Elf) -> list[Range]:
    """(offset, size) of the initialised data, or of all that is writable, without sections."""
    section = elf.section(".data")
    if section:
        return [(section.offset, section.file_size)]
    return [(s.offset, s.file_size) for s in elf.loads if s.flags & _WRITABLE]


def read(source: Source, place: int) -> Bundle:
    """The bundle whose header is there. Raises Malformed."""
    if not 0 < place < source.size:
        raise Malformed(f"a bundle header at {place} of {source.size}")
    data = exact(source, place, min(source.size - place, MAX_LIST))
    try:
        return _read(data, source.size)
    except (struct.error, IndexError) as error:
        raise Malformed("the list of a bundle is cut off") from error


def _read(data: bytes, size: int) -> Bundle:
    version, _, count = _HEADER.unpack_from(data)
    if version not in VERSIONS:
        raise Malformed(f"a bundle of version {version}")
    if not 0 <= count <= MAX_FILES:
        raise Malformed(f"a bundle of {count} files")
    _, at = _name(data, _HEADER.size)
    if version > 1:
        at += _PLACES.size
    entries = []
    for _ in range(count):
        entry, at = _entry(data, at, version)
        if entry.offset < 0 or entry.size < 0 or entry.packed < 0:
            raise Malformed("a file of a bundle before its start")
        if entry.offset + (entry.packed or entry.size) > size:
            raise Malformed("a file of a bundle behind its end")
        entries.append(entry)
    return Bundle(version, tuple(entries))


def _entry(data: bytes, at: int, version: int) -> tuple[Entry, int]:
    offset, size = _ENTRY.unpack_from(data, at)
    at += _ENTRY.size
    packed = 0
    if version >= _PACKED_SINCE:
        (packed,) = _PACKED.unpack_from(data, at)
        at += _PACKED.size
    path, after = _name(data, at + 1)
    return Entry(path, offset, size, packed, data[at]), after


def _name(data: bytes, at: int) -> tuple[str, int]:
    length = shift = 0
    while True:
        byte = data[at]
        at += 1
        length |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the bit that says "more"
            break
        shift += 7
        if shift > _MAX_SHIFT:
            raise Malformed("a length of more than five bytes")
    if length > MAX_NAME or at + length > len(data):
        raise Malformed(f"a name of {length} bytes")
    return data[at : at + length].decode("utf-8", "replace"), at + length
