"""The version resource of a PE file: file version as numbers, product version as text.

Layouts: Microsoft's PE format specification ("The .rsrc Section"), and winver.h: VS_VERSIONINFO,
VS_FIXEDFILEINFO, StringFileInfo, StringTable, String.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from sensor.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.formats.pe import Pe

# The directory of an assembly has 100 bytes; of a program with pictures some hundreds.
MAX_DIRECTORY = 1 << 16
# Real ones have about a kilobyte; the length is 16 bits in the format.
MAX_VERSION = 1 << 16
MAX_NODES = 256
MAX_ENTRIES = 4096

_RT_VERSION = 16
_DIRECTORY_ENTRIES = struct.Struct("<12x2H")
_ENTRY = struct.Struct("<2L")
_SUBDIRECTORY = 1 << 31
_NODE = struct.Struct("<3H")
_FIXED_MAGIC = 0xFEEF04BD
_FIXED = struct.Struct("<L4x4H")


class Version(NamedTuple):
    """`file` is four numbers with dots; `product` as a person wrote it. Empty where not there."""

    file: str
    product: str


NONE = Version("", "")


def version(pe: Pe) -> Version:
    """What the version resource says; NONE when there is none. Raises Malformed."""
    address, size = pe.resources
    if not address or not size:
        return NONE
    directory = pe.read_up_to(address, min(size, MAX_DIRECTORY))
    try:
        place = _data_entry(directory)
        if place is None:
            return NONE
        return _parsed(pe.read(place[0], min(place[1], MAX_VERSION)))
    except struct.error as error:
        raise Malformed("the version resource is cut off") from error


def _data_entry(directory: bytes) -> tuple[int, int] | None:
    """(address, size) of the first version resource: by type, then the first name and language."""
    at = _child(directory, 0, _RT_VERSION)
    for _ in range(2):
        if at is None or not at & _SUBDIRECTORY:
            return None
        at = _child(directory, at & ~_SUBDIRECTORY, None)
    if at is None or at & _SUBDIRECTORY:
        return None
    address, size = _ENTRY.unpack_from(directory, at)
    return address, size


def _child(directory: bytes, at: int, wanted: int | None) -> int | None:
    named, numbered = _DIRECTORY_ENTRIES.unpack_from(directory, at)
    if named + numbered > MAX_ENTRIES:
        raise Malformed(f"{named + numbered} resources")
    first = at + _DIRECTORY_ENTRIES.size
    for index in range(named + numbered):
        number, place = _ENTRY.unpack_from(directory, first + index * _ENTRY.size)
        if wanted is None or number == wanted:
            return int(place)
    return None


class _Node(NamedTuple):
    key: str
    value: int
    children: int
    end: int


def _parsed(data: bytes) -> Version:
    root = _node(data, 0, len(data))
    fixed = ""
    if root.children - root.value >= _FIXED.size:
        magic, minor, major, private, build = _FIXED.unpack_from(data, root.value)
        if magic == _FIXED_MAGIC:
            fixed = f"{major}.{minor}.{build}.{private}"
    return Version(fixed, _product(data, root))


def _product(data: bytes, root: _Node) -> str:
    """The first ProductVersion of StringFileInfo > StringTable > String."""
    for block in _nodes(data, root.children, root.end):
        if block.key != "StringFileInfo":
            continue
        for table in _nodes(data, block.children, block.end):
            for string in _nodes(data, table.children, table.end):
                if string.key == "ProductVersion":
                    return _text(data, string.value, string.end)[0].strip()
    return ""


def _nodes(data: bytes, at: int, end: int) -> Iterator[_Node]:
    for _ in range(MAX_NODES):
        if at + _NODE.size > end:
            return
        node = _node(data, at, end)
        yield node
        at = _aligned(node.end)


def _node(data: bytes, at: int, limit: int) -> _Node:
    """The node at `at`: its value and its children are at multiples of four bytes."""
    length, size, is_text = _NODE.unpack_from(data, at)
    end = min(at + length, limit)
    if length < _NODE.size:
        raise Malformed(f"a version node of {length} bytes")
    key, after = _text(data, at + _NODE.size, end)
    value = _aligned(after)
    return _Node(key, value, _aligned(value + size * (2 if is_text else 1)), end)


def _text(data: bytes, at: int, end: int) -> tuple[str, int]:
    """UTF-16 text up to its NUL, and where the rest begins."""
    for place in range(at, end - 1, 2):
        if data[place] == data[place + 1] == 0:
            return data[at:place].decode("utf-16-le", "replace"), place + 2
    return data[at:end].decode("utf-16-le", "replace"), end


def _aligned(at: int) -> int:
    return -(-at // 4) * 4
