"""Makes small ELF files and Go function tables, honest or not, for tests."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

BASE = 0x400000
MAGICS = {"1.2": 0xFFFFFFFB, "1.16": 0xFFFFFFFA, "1.18": 0xFFFFFFF0, "1.20": 0xFFFFFFF1}


class Kind(NamedTuple):
    """Word size in bytes and byte order of a program."""

    word: int = 8
    order: str = "<"

    def pack(self, code: str, *values: int) -> bytes:
        return struct.pack(self.order + code, *values)

    @property
    def code(self) -> str:
        """The struct code of a word."""
        return "Q" if self.word == 8 else "I"


LITTLE = Kind()
KINDS = (LITTLE, Kind(8, ">"), Kind(4, "<"), Kind(4, ">"))


def elf(parts: Sequence[tuple[str, bytes]], kind: Kind = LITTLE, *, sections: bool = True) -> bytes:
    """An ELF file of one writable segment, loaded at BASE, with these sections in it."""
    wide = kind.word == 8
    body, places = bytearray(4096), []
    for name, data in parts:
        body += bytes(-len(body) % 64)
        places.append((name, len(body), len(data)))
        body += data
    strings = b"\0" + b"".join(name.encode() + b"\0" for name, _ in parts)
    loaded, names_at = len(body), len(body)
    body += strings
    body += bytes(-len(body) % 64)
    table_at = len(body)
    row = "IIQQQQIIQQ" if wide else "IIIIIIIIII"
    for name, at, size in places:
        string = strings.index(b"\0" + name.encode() + b"\0") + 1
        body += kind.pack(row, string, 1, 3, BASE + at, at, size, 0, 0, 16, 0)
    body += kind.pack(row, 0, 3, 0, 0, names_at, len(strings), 0, 0, 1, 0)
    load = (1, 6, 0, BASE, BASE, loaded, loaded, 4096)
    if not wide:
        load = (1, 0, BASE, BASE, loaded, loaded, 6, 4096)
    head = kind.pack("HHI", 2, 62, 1)
    head += kind.pack(kind.code * 3, BASE, 64, table_at if sections else 0)
    counts = (64 if wide else 52, 56 if wide else 32, 1, 64 if wide else 40, len(parts) + 1)
    if not sections:
        counts = (*counts[:4], 0)
    head += kind.pack("IHHHHHH", 0, *counts, len(parts) if sections else 0)
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1 if kind.order == "<" else 2, 1])
    body[:64] = (ident.ljust(16, b"\0") + head).ljust(64, b"\0")
    segment = kind.pack("IIQQQQQQ" if wide else "IIIIIIII", *load)
    body[64 : 64 + len(segment)] = segment
    return bytes(body)


def table(layout: str, names: Sequence[bytes], kind: Kind = LITTLE) -> bytes:
    """A function table with these names."""
    if layout == "1.2":
        return old_table(names, kind)
    head = kind.pack("I", MAGICS[layout]) + bytes([0, 0, 1, kind.word])
    block = b"".join(name + b"\0" for name in names)
    words = 8 if layout in {"1.18", "1.20"} else 7
    start = 8 + words * kind.word
    end = start + len(block)
    values = [len(names), 1, *([BASE] * (words - 7)), start, end, end, end, end]
    return head + kind.pack(kind.code * words, *values) + block + bytes(64)


def old_table(
    names: Sequence[bytes],
    kind: Kind = LITTLE,
    inlined: Sequence[bytes] = (),
    *,
    vaddr: int = 0,
    inlining: tuple[int, int] = (2, 4),
) -> bytes:
    """A table of Go 1.13 to 1.15 that is loaded at `vaddr`: pairs, records, and what they name.

    The last function has these functions inlined, one into another.
    """
    word, start = kind.word, 8 + kind.word
    records_at = start + 2 * word * len(names) + 64
    pointers_at = word + 32 + 4 * (inlining[0] + 1)
    pointers_at += -pointers_at % word
    size = pointers_at + word * (inlining[1] + 1)
    tail = bytearray()
    tail_at = records_at + size * len(names)

    def put(data: bytes) -> int:
        tail.extend(data)
        return tail_at + len(tail) - len(data)

    calls = b"".join(kind.pack("hBBiiii", 0, 0, 0, 0, 0, put(n + b"\0"), 0) for n in inlined)
    # The value goes from -1 to the last call, once; signed differences have the sign lowest.
    index = put(varint(2 * len(inlined)) + b"\1\0") if inlined else 0
    tree = put(calls)
    pairs, records = b"", b""
    for number, name in enumerate(names):
        last = number == len(names) - 1 and inlined
        record = kind.pack(kind.code, BASE + number) + kind.pack("i", put(name + b"\0"))
        record += bytes(20) + kind.pack("iBBBB", inlining[0] + 1, 0, 0, 0, inlining[1] + 1)
        record += bytes(4 * inlining[0]) + kind.pack("i", index if last else 0)
        record += bytes(pointers_at - len(record)) + bytes(word * inlining[1])
        record += kind.pack(kind.code, vaddr + tree if last else 0)
        pairs += kind.pack(kind.code * 2, BASE + number, records_at + len(records))
        records += record
    head = kind.pack("I", MAGICS["1.2"]) + bytes([0, 0, 1, word])
    head += kind.pack(kind.code, len(names))
    return head + pairs + bytes(64) + records + bytes(tail) + bytes(64)


def build_info(version: bytes, text: bytes) -> bytes:
    """Build information as Go 1.18 and later write it."""
    marked = b"<" * 16 + text + b">" * 16 if text else b""
    head = b"\xff Go buildinf:\x08\x02".ljust(32, b"\0")
    return head + varint(len(version)) + version + varint(len(marked)) + marked


def pointed_build_info(version: bytes, text: bytes, at: int, kind: Kind) -> bytes:
    """Build information as Go 1.13 to 1.17 write it, to be placed at that address."""
    marked = b"<" * 16 + text + b">" * 16 if text else b""
    word, big = kind.word, kind.order == ">"
    head = b"\xff Go buildinf:" + bytes([word, int(big)])
    strings = at + 32 + 4 * word
    head += kind.pack(kind.code * 2, at + 32, at + 32 + 2 * word)
    head = head.ljust(32, b"\0")
    head += kind.pack(kind.code * 2, strings, len(version))
    head += kind.pack(kind.code * 2, strings + len(version), len(marked))
    return head + version + marked


def varint(number: int) -> bytes:
    """An unsigned number in groups of seven bits, lowest first."""
    out = b""
    while number >= 128:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])
