"""Writes BTF, so that tests can have the types of a kernel that nobody has."""

from __future__ import annotations

import struct

from probes.bpf import btf


class Types:
    """Each method adds one type and returns its number."""

    def __init__(self) -> None:
        self._types: list[bytes] = []
        self._strings = bytearray(b"\0")
        self._known: dict[str, int] = {"": 0}

    def integer(self, name: str, size: int) -> int:
        return self._add(name, btf.INT, 0, size, struct.pack("<I", size * 8))

    def pointer(self, to: int) -> int:
        return self._add("", btf.PTR, 0, to)

    def typedef(self, name: str, to: int) -> int:
        return self._add(name, btf.TYPEDEF, 0, to)

    def const(self, to: int) -> int:
        return self._add("", btf.CONST, 0, to)

    def array(self, of: int, count: int) -> int:
        return self._add("", btf.ARRAY, 0, 0, struct.pack("<III", of, 0, count))

    def struct(self, name: str, size: int, /, **members: tuple[int, int]) -> int:
        """Members are (type, byte offset); a name that begins with "_" is no name at all."""
        return self._record(btf.STRUCT, name, size, members)

    def union(self, name: str, size: int, /, **members: tuple[int, int]) -> int:
        return self._record(btf.UNION, name, size, members)

    def enum(self, name: str, /, **values: int) -> int:
        words = [struct.pack("<II", self._text(key), value) for key, value in values.items()]
        return self._add(name, btf.ENUM, len(words), 4, b"".join(words))

    def enum64(self, name: str, /, **values: int) -> int:
        words = [struct.pack("<IQ", self._text(key), value) for key, value in values.items()]
        return self._add(name, btf.ENUM64, len(words), 8, b"".join(words))

    def data(self) -> bytes:
        types = b"".join(self._types)
        header = struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(types), len(types), 0)
        return header[:-4] + struct.pack("<I", len(self._strings)) + types + bytes(self._strings)

    def btf(self) -> btf.Btf:
        return btf.Btf(self.data())

    def _record(self, kind: int, name: str, size: int, members: dict[str, tuple[int, int]]) -> int:
        words = [
            struct.pack("<III", self._text("" if key[0] == "_" else key), number, offset * 8)
            for key, (number, offset) in members.items()
        ]
        return self._add(name, kind, len(words), size, b"".join(words))

    def _add(self, name: str, kind: int, count: int, third: int, rest: bytes = b"") -> int:
        self._types.append(struct.pack("<III", self._text(name), kind << 24 | count, third) + rest)
        return len(self._types)

    def _text(self, text: str) -> int:
        if text not in self._known:
            self._known[text] = len(self._strings)
            self._strings += text.encode() + b"\0"
        return self._known[text]
