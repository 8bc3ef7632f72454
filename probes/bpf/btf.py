"""Reads BTF: the kernel's types, or those that clang wrote into an object. Bytes in, numbers out.

Layout: Documentation/bpf/btf.rst and include/uapi/linux/btf.h. The kernel has 130,000 types in
5.5 MB; each is looked at once, for its place and for whether its name is wanted. Everything else is
decoded when it is asked for, by the number of the type.
"""

from __future__ import annotations

import struct
from array import array
from typing import NamedTuple

from probes.errors import Malformed

# The largest seen is 7 MB; kernels with everything built in may have twice that.
MAX_BYTES = 64 << 20
# Arrays, typedefs and anonymous members lead from type to type; no real chain is this long.
MAX_DEPTH = 32
_HEADER = struct.Struct("<HBBIIIII")
_MAGIC = 0xEB9F
(INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT) = range(1, 12)
(FUNC, FUNC_PROTO, VAR, DATASEC, FLOAT, DECL_TAG, TYPE_TAG, ENUM64) = range(12, 20)
# Words behind the three of every type: so many once, and so many for each of its elements.
_ONCE = {INT: 1, ARRAY: 3, VAR: 1, DECL_TAG: 1}
_EACH = {STRUCT: 3, UNION: 3, ENUM: 2, FUNC_PROTO: 2, DATASEC: 3, ENUM64: 3}
# What only renames or qualifies another type.
_SAME = (TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG)
_POINTER_BYTES = 8


class Member(NamedTuple):
    """A member of a struct or union: its offset in bits, and 0 or the bits of a bit field."""

    name: str
    type: int
    offset: int
    bits: int


class Btf:
    """Types by number; 0 is void. Every method raises Malformed when the data does not add up."""

    def __init__(self, data: bytes, wanted: frozenset[str] | None = None) -> None:
        """Index the types; `find` then knows only the `wanted` names, or all when None."""
        try:
            self._words, self._strings = _parts(data)
            names = None if wanted is None else self._offsets_of(wanted)
            self._places, self._named = _index(self._words, names)
        except (struct.error, IndexError, ValueError) as error:
            raise Malformed(f"BTF: {error}") from error

    def find(self, name: str, kinds: tuple[int, ...]) -> list[int]:
        """Return the numbers of all types of this name and of one of these kinds."""
        offset = self._offset_of(name)
        return [each for each in self._named.get(offset, ()) if self.kind(each) in kinds]

    def kind(self, number: int) -> int:
        """Return what kind of type it is (INT, PTR, …); 0 for void."""
        return (self._word(number, 1) >> 24) & 31 if number else 0

    def name(self, number: int) -> str:
        """Return its name, empty when it has none or is void."""
        return self.text(self._word(number, 0)) if number else ""

    def target(self, number: int) -> int:
        """Return the type that a pointer, typedef, qualifier or variable is about."""
        return self._word(number, 2)

    def plain(self, number: int) -> int:
        """Return the type without typedefs and qualifiers."""
        for _ in range(MAX_DEPTH):
            if self.kind(number) not in _SAME:
                return number
            number = self.target(number)
        raise Malformed(f"BTF: type {number} is renamed without end")

    def members(self, number: int) -> list[Member]:
        """Return the members of a struct or union."""
        if self.kind(number) not in {STRUCT, UNION}:
            raise Malformed(f"BTF: type {number} has no members")
        fields = bool(self._word(number, 1) >> 31)
        found = []
        for index in range(self._count(number)):
            name, kind, offset = (self._word(number, 3 + 3 * index + part) for part in range(3))
            bits = offset >> 24 if fields else 0
            place = offset & 0xFFFFFF if fields else offset
            found.append(Member(self.text(name), kind, place, bits))
        return found

    def array(self, number: int) -> tuple[int, int]:
        """Return the type of an array's elements, and how many there are."""
        return self._word(number, 3), self._word(number, 5)

    def enumerators(self, number: int) -> dict[str, int]:
        """Return the names of an enum and their values, as unsigned numbers."""
        if self.kind(number) not in {ENUM, ENUM64}:
            raise Malformed(f"BTF: type {number} is no enum")
        each = _EACH[self.kind(number)]
        found = {}
        for index in range(self._count(number)):
            words = [self._word(number, 3 + each * index + part) for part in range(each)]
            found[self.text(words[0])] = words[1] | (words[2] << 32 if each > 2 else 0)  # noqa: PLR2004
        return found

    def size(self, number: int) -> int:
        """Return the bytes that a value of this type takes."""
        times = 1
        for _ in range(MAX_DEPTH):
            number = self.plain(number)
            if self.kind(number) != ARRAY:
                break
            number, count = self.array(number)
            times *= count
        return times * (_POINTER_BYTES if self.kind(number) == PTR else self._word(number, 2))

    def text(self, offset: int) -> str:
        """Return the string at this offset of the string section."""
        end = self._strings.find(b"\0", offset)
        if end < 0:
            raise Malformed(f"BTF: no string at {offset}")
        return self._strings[offset:end].decode("latin-1")

    def _count(self, number: int) -> int:
        return self._word(number, 1) & 0xFFFF

    def _word(self, number: int, index: int) -> int:
        try:
            return self._words[self._places[number] + index]
        except IndexError:
            raise Malformed(f"BTF: no type {number}") from None

    def _offset_of(self, name: str) -> int:
        """Where the name is; the kernel and clang write each string once. -1 when nowhere."""
        place = self._strings.find(b"\0" + name.encode() + b"\0")
        return place + 1 if place >= 0 else -1

    def _offsets_of(self, names: frozenset[str]) -> set[int]:
        return {self._offset_of(name) for name in names} - {-1}


def _parts(data: bytes) -> tuple[array[int], bytes]:
    """The words of the type section, and the string section."""
    if len(data) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES} bytes")
    magic, _, _, header, types, types_size, strings, strings_size = _HEADER.unpack_from(data)
    if magic != _MAGIC:
        raise ValueError("not BTF, or of the other byte order")
    if header + max(types + types_size, strings + strings_size) > len(data):
        raise ValueError("it is cut")
    words = array("I")
    words.frombytes(memoryview(data)[header + types : header + types + types_size])
    return words, data[header + strings : header + strings + strings_size]


def _index(words: array[int], names: set[int] | None) -> tuple[array[int], dict[int, list[int]]]:
    """Where each type begins, and the numbers of the types by the offset of their name."""
    once = [_ONCE.get(kind, 0) + 3 for kind in range(32)]
    each = [_EACH.get(kind, 0) for kind in range(32)]
    places, named = array("I", [0]), dict[int, list[int]]()
    place, end = 0, len(words)
    while place < end:
        info = words[place + 1]
        kind = (info >> 24) & 31
        if kind > ENUM64 or not kind:
            raise ValueError(f"type {len(places)} is of unknown kind {kind}")
        if names is None or words[place] in names:
            named.setdefault(words[place], []).append(len(places))
        places.append(place)
        place += once[kind] + each[kind] * (info & 0xFFFF)
    return places, named
