"""The counters that a HotSpot JVM keeps about itself: hsperfdata, version 2.0.

The same bytes are in a file of /tmp and in the JVM's own memory. Counters are decoded one by one,
so that nobody need read those that can hold secrets (the command line). Layout: PerfDataPrologue
and PerfDataEntry in src/hotspot/share/runtime/perfMemory.hpp; no pointers, all in the byte order of
the machine, which the prologue tells.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from sensor.errors import Malformed

if TYPE_CHECKING:
    from sensor.formats.source import Range

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
NUMBER_SIZE = 8
LONG, BYTE = ord("J"), ord("B")


class Prologue(NamedTuple):
    """The head of the counters: byte order as struct has it, bytes in use, and the entries."""

    order: str
    used: int
    first: int
    entries: int


class Entry(NamedTuple):
    """One counter, in bytes from its start: its length, where its name and its value are.

    `number` says that the value is one, `text` that it is one; other kinds are neither.
    """

    length: int
    name: Range
    value: Range
    number: bool
    text: bool


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


def entry(head: Prologue, data: bytes) -> Entry:
    """The counter whose first ENTRY_SIZE bytes these are. Raises Malformed."""
    length, name, size, kind, _, _, _, value = Struct(head.order + ENTRY).unpack(data)
    number, text = kind == LONG and size == 0, kind == BYTE and size > 0
    room = size if size > 0 else NUMBER_SIZE
    if not (ENTRY_SIZE <= name < value <= length - room and length <= head.used):
        raise Malformed(f"a counter of {length} bytes: name at {name}, value at {value}")
    return Entry(length, (name, value - name), (value, room), number, text)


def number_of(head: Prologue, data: bytes) -> int:
    """The value of a counter that is a number."""
    return int(Struct(head.order + "q").unpack(data)[0])


def text_of(data: bytes) -> str:
    """A name, or the value of a counter that is a text: up to the first NUL."""
    return data.partition(b"\0")[0].decode("utf-8", "replace")
