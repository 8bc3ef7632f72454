"""The directory of a zip file, and its small members. For wheels, eggs, zipapps, pex files, JARs.

PKWARE APPNOTE 6.3.10: end of central directory (4.3.16), its zip64 form (4.3.14, 4.3.15), central
directory headers (4.3.12), local headers (4.3.7). Nothing is unpacked to disk; encrypted and
multi-disk archives are refused. Data before the archive (the `#!` line of a zipapp) is allowed.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

from sensor.errors import Malformed
from sensor.formats.source import exact

if TYPE_CHECKING:
    from sensor.formats.source import Source

# The largest real directories are those of 100,000-class archives: about 10 MB.
MAX_DIRECTORY = 64 << 20
MAX_ENTRIES = 200_000
# The end record has a comment of up to 65,535 bytes behind it.
END_SEARCH = 65_535 + 22

STORED, DEFLATED = 0, 8
ENCRYPTED = 1

_END = struct.Struct("<4s4H2LH")
_END_MAGIC = b"PK\x05\x06"
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_HEADER = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_EXTRA = struct.Struct("<2H")
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_ZIP64_EXTRA = 1


class Member(NamedTuple):
    """One file of the archive: `start` of its local header, sizes in bytes, method 0 or 8."""

    start: int
    packed: int
    size: int
    method: int


class Directory(NamedTuple):
    """The bytes of a directory, how many entries it has, and what to add to the stated offsets."""

    data: bytes
    entries: int
    shift: int


class Archive:
    """The members of a zip file by name, as written: a name may hold `..` or be absolute."""

    def __init__(self, source: Source) -> None:
        """Read the directory. Raises Malformed when this is no zip file or passes a bound."""
        self._source = source
        self.members: dict[str, Member] = _members(directory(source))

    def read(self, name: str, limit: int) -> bytes | None:
        """The bytes of a member, None when there is none. Raises Malformed beyond `limit` bytes."""
        member = self.members.get(name)
        if member is None:
            return None
        return read_member(self._source, member, limit)


def read_member(source: Source, member: Member, limit: int) -> bytes:
    """The bytes of a member. Raises Malformed beyond `limit` bytes."""
    if member.size > limit or member.packed > limit:
        raise Malformed(f"member of {member.size} bytes, more than {limit}")
    return _unpacked(exact(source, data_start(source, member), member.packed), member)


def data_start(source: Source, member: Member) -> int:
    """Where the bytes of a member stand, behind its local header. Raises Malformed."""
    fields = _LOCAL.unpack(exact(source, member.start, _LOCAL.size))
    if fields[0] != b"PK\x03\x04":
        raise Malformed("no local header of a member")
    return int(member.start + _LOCAL.size + fields[9] + fields[10])


def _unpacked(data: bytes, member: Member) -> bytes:
    if member.method == DEFLATED:
        inflate = zlib.decompressobj(-15)
        try:
            data = inflate.decompress(data, member.size + 1)
        except zlib.error as error:
            raise Malformed(f"deflated member: {error}") from error
    elif member.method != STORED:
        raise Malformed(f"compression method {member.method}")
    if len(data) != member.size:
        raise Malformed(f"member of {len(data)} bytes, said to be {member.size}")
    return data


def directory(source: Source) -> Directory:
    """The directory as it stands. Raises Malformed when this is no zip file or passes a bound."""
    count, size, start, end = _end(source)
    if size > MAX_DIRECTORY or count > MAX_ENTRIES:
        raise Malformed(f"directory of {count} entries and {size} bytes")
    # Offsets are relative to the archive: what stands before it shifts all of them.
    shift = end - size - start
    if shift < 0:
        raise Malformed("the directory is not where the end record says")
    return Directory(exact(source, end - size, size), count, shift)


def _members(found: Directory) -> dict[str, Member]:
    members: dict[str, Member] = {}
    position = 0
    for _ in range(found.entries):
        name, member, position = entry(found, position)
        if name is not None:
            members[name] = member
    return members


def _end(source: Source) -> tuple[int, int, int, int]:
    """Entries, bytes and stated start of the directory, and where it really ends."""
    # Nearly no archive has a comment.
    for length in (min(source.size, _END.size), min(source.size, END_SEARCH)):
        tail = exact(source, source.size - length, length)
        found = tail.rfind(_END_MAGIC, 0, max(0, length - _END.size) + len(_END_MAGIC))
        if found >= 0:
            break
    if found < 0 or found + _END.size > length:
        raise Malformed("no end record of a zip file")
    _, disk, first, _, count, size, start, _ = _END.unpack_from(tail, found)
    end = source.size - length + found
    if count == _FULL16 or _FULL32 in (size, start):
        return _end64(source, end)
    if disk or first:
        raise Malformed("a zip file of several disks")
    return count, size, start, end


def _end64(source: Source, end: int) -> tuple[int, int, int, int]:
    place = end - _LOCATOR.size
    magic, _, _, disks = _LOCATOR.unpack(exact(source, place, _LOCATOR.size))
    if magic != b"PK\x06\x07" or disks > 1:
        raise Malformed("no zip64 locator")
    # It stands right before its locator, unless it has extensible data, which nobody writes.
    place -= _END64.size
    fields = _END64.unpack(exact(source, place, _END64.size))
    if fields[0] != b"PK\x06\x06":
        raise Malformed("no zip64 end record")
    return fields[7], fields[8], fields[9], place


def entry(found: Directory, position: int) -> tuple[str | None, Member, int]:
    """Name, member and end of the entry at a position. Raises Malformed.

    No name: it is a directory, encrypted, or has no name that could be one.
    """
    data, _, shift = found
    if position + _HEADER.size > len(data):
        raise Malformed("the directory is cut off")
    fields = _HEADER.unpack_from(data, position)
    magic, flags, method = fields[0], fields[3], fields[4]
    if magic != b"PK\x01\x02":
        raise Malformed("no header in the directory")
    name_at = position + _HEADER.size
    extra_at = name_at + fields[10]
    after = extra_at + fields[11] + fields[12]
    if after > len(data):
        raise Malformed("the directory is cut off")
    packed, size, start = _wide(
        data[extra_at : extra_at + fields[11]], fields[8], fields[9], fields[16]
    )
    name = data[name_at:extra_at].decode("utf-8", "replace")
    skip = name.endswith("/") or flags & ENCRYPTED or "\0" in name
    return None if skip else name, Member(start + shift, packed, size, method), after


def _wide(extra: bytes, packed: int, size: int, start: int) -> tuple[int, int, int]:
    """The three numbers, out of the zip64 extra field where they do not fit 32 bits (4.5.3)."""
    if _FULL32 not in (packed, size, start):
        return packed, size, start
    wide = _zip64_numbers(extra)
    numbers = []
    for value in (size, packed, start):
        if value == _FULL32 and not wide:
            raise Malformed("zip64 sizes are missing")
        numbers.append(wide.pop(0) if value == _FULL32 else value)
    return numbers[1], numbers[0], numbers[2]


def _zip64_numbers(extra: bytes) -> list[int]:
    """The 64-bit numbers of the zip64 extra field; none when there is no such field."""
    while len(extra) >= _EXTRA.size:
        kind, length = _EXTRA.unpack_from(extra)
        body = extra[_EXTRA.size : _EXTRA.size + length]
        if kind == _ZIP64_EXTRA:
            return [value for (value,) in struct.iter_unpack("<Q", body[: len(body) // 8 * 8])]
        extra = extra[_EXTRA.size + length :]
    return []
