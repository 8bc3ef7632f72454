"""The packages of lib/modules, the image of a JDK 9 and later: which module each belongs to.

OpenJDK, src/java.base/share/native/libjimage/imageFile.hpp: ImageHeader, ImageLocation. The header
of seven words is followed by the redirect table, the offsets of locations, the attributes of
locations, and the strings. A location is a list of attributes: a byte `kind << 3 | (length - 1)`
and a big-endian number of that length; kind 0 ends it.
"""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

from sensor.errors import Malformed
from sensor.formats.source import Source, exact

# A full JDK 27 has 31,000 locations, 1 MB of them, and 1.5 MB of strings.
MAX_LOCATIONS = 400_000
MAX_TABLE = 32 << 20
# A name of a module, package or extension.
MAX_NAME = 1024
# A full JDK has 70 modules with 1,800 packages.
MAX_PACKAGES = 20_000

_MAGIC = 0xCAFEDADA
# 1.0 since JDK 9; 1.1 of JDK 27 has one more kind of attribute.
_MAJOR = 1
_END, _MODULE, _PARENT, _BASE, _EXTENSION = range(5)
_KINDS = 32


class _Tables(NamedTuple):
    offsets: tuple[int, ...]
    locations: bytes
    strings: bytes


def modules(source: Source) -> dict[str, set[str]]:
    """The packages with classes of each module, as "java/util". Raises Malformed."""
    tables = _tables(source)
    extension = tables.strings.find(b"\0class\0") + 1
    if not extension:
        raise Malformed("an image without classes")
    pairs = _places(tables, extension)
    if len(pairs) > MAX_PACKAGES:
        raise Malformed(f"{len(pairs)} packages")
    found: dict[str, set[str]] = {}
    for module, parent in pairs:
        found.setdefault(_string(tables, module), set()).add(_string(tables, parent))
    return found


def _tables(source: Source) -> _Tables:
    head = exact(source, 0, 28)
    order = "<" if struct.unpack_from("<L", head)[0] == _MAGIC else ">"
    magic, version, _, _, length, locations, strings = struct.unpack(order + "7L", head)
    if magic != _MAGIC or version >> 16 != _MAJOR:
        raise Malformed("no image of version 1")
    if length > MAX_LOCATIONS or locations > MAX_TABLE or strings > MAX_TABLE:
        raise Malformed(f"an image of {length} locations")
    start = len(head) + 4 * length
    offsets = struct.unpack(f"{order}{length}L", exact(source, start, 4 * length))
    rest = exact(source, start + 4 * length, locations + strings)
    return _Tables(offsets, rest[:locations], rest[locations:])


def _places(tables: _Tables, extension: int) -> set[tuple[int, int]]:
    """Module and package of each class; nearly all are written as jlink does. Raises Malformed."""
    value = extension.to_bytes((extension.bit_length() + 7) // 8, "big")
    end = bytes([_EXTENSION << 3 | len(value) - 1]) + value
    match, locations = _usual(end).match, tables.locations
    usual: set[bytes] = set()
    pairs: set[tuple[int, int]] = set()
    for offset in tables.offsets:
        found = match(locations, offset)
        if found:
            usual.add(found[1])
        else:
            pairs.add(_place(locations, offset, extension))
    pairs |= {_place(raw + end, 0, extension) for raw in usual}
    return pairs - {(0, 0)}


def _usual(end: bytes) -> re.Pattern[bytes]:
    """A location of a class as ImageLocationWriter.java writes it: in the order of the kinds.

    `end` is the attribute of the extension; module and package are the group.
    """
    module, parent, base = map(_attribute, (_MODULE, _PARENT, _BASE))
    return re.compile(b"(%s%s)%s%s" % (module, parent, base, re.escape(end)), re.DOTALL)


def _attribute(kind: int) -> bytes:
    """A pattern for an attribute whose number has one to four bytes."""
    heads = [(re.escape(bytes([kind << 3 | size - 1])), size) for size in range(1, 5)]
    return b"(?:%s)" % b"|".join(b"%s.{%d}" % head for head in heads)


def _place(locations: bytes, at: int, extension: int) -> tuple[int, int]:
    """Module and package of a location of a class; zeros for others. Raises Malformed."""
    values = [0] * _KINDS
    try:
        while kind := locations[at] >> 3:
            after = at + 2 + (locations[at] & 7)
            values[kind] = int.from_bytes(locations[at + 1 : after], "big")
            if kind == _EXTENSION:
                break
            at = after
    except IndexError:
        raise Malformed("a location of an image is damaged") from None
    # In the default package of a module is module-info only.
    if values[_EXTENSION] != extension or not values[_MODULE] or not values[_PARENT]:
        return 0, 0
    return values[_MODULE], values[_PARENT]


def _string(tables: _Tables, offset: int) -> str:
    end = tables.strings.find(b"\0", offset, offset + MAX_NAME)
    if end < 0:
        raise Malformed("a string of an image is damaged")
    return tables.strings[offset:end].decode("utf-8", "replace")
