"""The counters that a HotSpot JVM keeps about itself: hsperfdata, version 2.0.

The same bytes are in a file of /tmp and in the JVM's own memory. Layout: PerfDataPrologue and
PerfDataEntry in src/hotspot/share/runtime/perfMemory.hpp; no pointers, all in the byte order of the
machine, which the prologue tells.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from sensor.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"\xca\xfe\xc0\xc0"
MAJOR = 2
PROLOGUE_SIZE = 32
# byte order, major, minor, accessible, used, overflow, time stamp, offset of entries, their number.
PROLOGUE = "BBBBiiqii"
# length, offset of the name, vector length, type, flags, units, variability, offset of the data.
ENTRY = "iiiBBBBi"
ENTRY_SIZE = 20
# A JVM has some 200 counters in 32 KiB; -XX:PerfDataMemorySize can make it larger.
MAX_SIZE = 1 << 20
MAX_ENTRIES = 8192
LONG, BYTE = ord("J"), ord("B")


class Prologue(NamedTuple):
    """The head of the counters: byte order as struct has it, bytes in use, and the entries."""

    order: str
    used: int
    first: int
    entries: int


class Counter(NamedTuple):
    """One counter: its name, where its value is, and the value: a number or a text."""

    name: str
    at: int
    value: int | str


def prologue(data: bytes) -> Prologue:
    """The head. Raises Malformed when it is none, or is not filled in yet."""
    if len(data) < PROLOGUE_SIZE or data[:4] != MAGIC:
        raise Malformed("no counters of a JVM")
    order = "<" if data[4] else ">"
    _, major, _, accessible, used, _, _, first, entries = Struct(order + PROLOGUE).unpack_from(
        data, 4
    )
    if major != MAJOR or not accessible:
        raise Malformed(f"counters of version {major}, accessible: {accessible}")
    if not (PROLOGUE_SIZE <= first <= used <= MAX_SIZE and 0 <= entries <= MAX_ENTRIES):
        raise Malformed(f"{entries} counters in {used} bytes from {first}")
    return Prologue(order, used, first, entries)


def counters(data: bytes) -> Iterator[Counter]:
    """The counters that are numbers or texts. Raises Malformed at the first that is damaged."""
    head = prologue(data)
    entry, number = Struct(head.order + ENTRY), Struct(head.order + "q")
    at, end = head.first, min(head.used, len(data))
    for _ in range(head.entries):
        if at + ENTRY_SIZE > end:
            raise Malformed(f"a counter at {at} of {end} bytes")
        length, name, size, kind, _, _, _, value = entry.unpack_from(data, at)
        if not (ENTRY_SIZE <= length <= end - at and 0 <= name < length and 0 <= value < length):
            raise Malformed(f"a counter of {length} bytes at {at}")
        text = _text(data, at + name, at + length)
        if kind == LONG and size == 0 and value + number.size <= length:
            yield Counter(text, at + value, number.unpack_from(data, at + value)[0])
        elif kind == BYTE and 0 <= size <= length - value:
            yield Counter(text, at + value, _text(data, at + value, at + value + size))
        at += length


def _text(data: bytes, start: int, end: int) -> str:
    """Up to the first NUL."""
    return data[start:end].partition(b"\0")[0].decode("utf-8", "replace")
