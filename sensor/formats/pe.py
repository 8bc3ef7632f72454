"""A bounded reader of Portable Executable files that hold .NET code: headers and addresses.

It finds the CLI header and the metadata, and the version resource's directory; what is in them is
`clrmetadata` and `peversion`. It reads the layout of files, not that of loaded images. Layouts:
Microsoft's PE format specification, and ECMA-335 6th edition, II.25.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from sensor.errors import Malformed
from sensor.formats.source import exact

if TYPE_CHECKING:
    from sensor.formats.source import Range, Source

# The stub in front of the headers has 128 bytes in all files seen; linkers write a few hundred.
MAX_STUB = 1 << 16
# What the Windows loader takes at most; compilers of .NET write three or four.
MAX_SECTIONS = 96
# All headers of an ordinary assembly are in its first bytes: one read.
HEAD = 1024

# IMAGE_FILE_HEADER (20 bytes) behind "PE\0\0"; its fields 2 and 6: sections, optional header size.
_FILE_HEADER = struct.Struct("<4s2H3L2H")
_SECTION = struct.Struct("<8s4L16x")
_DIRECTORY = struct.Struct("<2L")
# Where the count of data directories stands in the optional header, by its magic.
_COUNT_AT = {0x10B: 92, 0x20B: 108}
_LFANEW = 0x3C
_RESOURCES, _CLI = 2, 14
# II.25.3.3: size, version, metadata, flags … and last ManagedNativeHeader, which ReadyToRun sets.
_CLI_HEADER = struct.Struct("<L2H2L48x2L")


class Section(NamedTuple):
    """Where a section stands: addresses are relative to the image, offsets to the file."""

    address: int
    size: int
    offset: int


class Pe:
    """One file. `metadata` is the (address, size) of its .NET metadata, None in a native file.

    `resources` is the (address, size) of its resources, (0, 0) without; `ready_to_run` tells that
    it also has machine code.
    """

    def __init__(self, source: Source) -> None:
        """Read the headers. Raises Malformed when this is no PE file."""
        self._source = source
        self._head = exact(source, 0, min(source.size, HEAD))
        if self._head[:2] != b"MZ":
            raise Malformed("no MZ")
        start = self._start()
        fields = _FILE_HEADER.unpack(self._at(start, _FILE_HEADER.size))
        if fields[0] != b"PE\0\0":
            raise Malformed("no PE header")
        optional = start + _FILE_HEADER.size
        self.sections = self._sections(optional + fields[6], fields[2])
        directories = self._directories(optional, fields[6])
        self.resources: Range = directories[_RESOURCES]
        self.metadata, self.ready_to_run = self._cli(directories[_CLI])

    def read(self, address: int, size: int) -> bytes:
        """Bytes at an address of the image. Raises Malformed when they are not in one section."""
        offset, room = self._place(address)
        if size > room:
            raise Malformed(f"no {size} bytes at address {address:#x}")
        return self._at(offset, size)

    def read_up_to(self, address: int, size: int) -> bytes:
        """The same, cut off at the end of the section."""
        offset, room = self._place(address)
        return self._at(offset, min(size, room))

    def _start(self) -> int:
        (start,) = struct.unpack("<L", self._at(_LFANEW, 4))
        if start > MAX_STUB:
            raise Malformed(f"PE header at {start}")
        return int(start)

    def _at(self, offset: int, size: int) -> bytes:
        if offset + size <= len(self._head):
            return self._head[offset : offset + size]
        return exact(self._source, offset, size)

    def _sections(self, offset: int, count: int) -> tuple[Section, ...]:
        if count > MAX_SECTIONS:
            raise Malformed(f"{count} sections")
        rows = _SECTION.iter_unpack(self._at(offset, count * _SECTION.size))
        return tuple(Section(address, size, start) for _, _, address, size, start in rows)

    def _directories(self, optional: int, size: int) -> list[Range]:
        """The data directories, as many as we need; (0, 0) for those that are not there."""
        magic = int.from_bytes(self._at(optional, 2), "little")
        if magic not in _COUNT_AT:
            raise Malformed(f"optional header {magic:#x}")
        start = _COUNT_AT[magic]
        count = min(int.from_bytes(self._at(optional + start, 4), "little"), _CLI + 1)
        length = count * _DIRECTORY.size
        if start + 4 + length > size:
            raise Malformed("data directories do not fit")
        found = list(_DIRECTORY.iter_unpack(self._at(optional + start + 4, length)))
        return found + [(0, 0)] * (_CLI + 1 - count)

    def _cli(self, directory: Range) -> tuple[Range | None, bool]:
        if not directory[0]:
            return None, False
        fields = _CLI_HEADER.unpack(self.read(directory[0], _CLI_HEADER.size))
        return (fields[3], fields[4]), fields[5] != 0

    def _place(self, address: int) -> tuple[int, int]:
        """The file offset of an address, and how many bytes of its section follow."""
        for section in self.sections:
            inside = address - section.address
            if 0 <= inside < section.size:
                return section.offset + inside, section.size - inside
        raise Malformed(f"no section at address {address:#x}")
