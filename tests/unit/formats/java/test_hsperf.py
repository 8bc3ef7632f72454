"""Counters of a JVM: both byte orders, what is skipped, damage. Real ones are in live tests."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.errors import Malformed
from sensor.formats import hsperf

ORDERS = ("<", ">")
Item = tuple[str, int | str]
ITEMS: tuple[Item, ...] = (
    ("java.cls.loadedClasses", 613),
    ("java.property.java.version", "17.0.15"),
    ("sun.rt.negative", -1),
)


def entry(order: str, name: str, value: int | str) -> bytes:
    """One counter, as perfData.cpp writes it: the name, then the aligned value."""
    label = name.encode() + b"\0"
    raw = struct.pack(order + "q", value) if isinstance(value, int) else value.encode() + b"\0\0"
    at = 20 + len(label) + -(20 + len(label)) % 8
    kind, size = ("J", 0) if isinstance(value, int) else ("B", len(raw))
    length = at + len(raw) + -len(raw) % 8
    head = struct.pack(order + "iii4Bi", length, 20, size, ord(kind), 0, 1, 1, at)
    return (head + label).ljust(at, b"\0") + raw.ljust(length - at, b"\0")


def data(*items: Item, order: str = "<", accessible: int = 1, major: int = 2) -> bytes:
    body = b"".join(entry(order, *item) for item in items)
    head = struct.pack(order + "BBBB", order == "<", major, 0, accessible)
    rest = struct.pack(order + "iiqii", 32 + len(body), 0, 0, 32, len(items))
    return hsperf.MAGIC + head + rest + body


def counters(raw: bytes) -> dict[str, int | str | None]:
    """All counters, read as the resolver reads them."""
    head = hsperf.prologue(raw[: hsperf.PROLOGUE_SIZE])
    found: dict[str, int | str | None] = {}
    at = head.first
    for _ in range(head.entries):
        each = hsperf.entry(head, raw[at : at + hsperf.ENTRY_SIZE].ljust(hsperf.ENTRY_SIZE, b"\0"))
        name, value = (raw[at + start :][:size] for start, size in (each.name, each.value))
        if each.number:
            found[hsperf.text_of(name)] = hsperf.number_of(head, value.ljust(8, b"\0"))
        else:
            found[hsperf.text_of(name)] = hsperf.text_of(value) if each.text else None
        at += each.length
    return found


@pytest.mark.parametrize("order", ORDERS)
def test_numbers_and_texts(order: str) -> None:
    assert counters(data(*ITEMS, order=order)) == dict(ITEMS)


def test_other_kinds_are_neither() -> None:
    raw = bytearray(data(*ITEMS))
    raw[32 + 12] = ord("D")
    assert counters(bytes(raw)) == {**dict(ITEMS), ITEMS[0][0]: None}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0" * 64,
        data(*ITEMS)[:31],
        data(*ITEMS, accessible=0),
        data(*ITEMS, major=1),
        data(*ITEMS)[:28] + struct.pack("<i", 9000) + data(*ITEMS)[32:],
        data(*ITEMS)[:28] + struct.pack("<i", -1) + data(*ITEMS)[32:],
        data(*ITEMS)[:24] + struct.pack("<i", 4) + data(*ITEMS)[28:],
        data(*ITEMS)[:32] + struct.pack("<i", 19) + data(*ITEMS)[36:],
        data(*ITEMS)[:36] + struct.pack("<i", 1 << 20) + data(*ITEMS)[40:],
        data(*ITEMS)[:40] + struct.pack("<i", 1 << 20) + data(*ITEMS)[44:],
        data(*ITEMS)[:48] + struct.pack("<i", 1 << 20) + data(*ITEMS)[52:],
    ],
)
def test_damage_is_told(raw: bytes) -> None:
    with pytest.raises(Malformed):
        counters(raw)


@given(st.data())
def test_any_bytes_end_in_counters_or_malformed(source: st.DataObject) -> None:
    raw = bytearray(data(*ITEMS))
    for _ in range(source.draw(st.integers(1, 8))):
        raw[source.draw(st.integers(0, len(raw) - 1))] = source.draw(st.integers(0, 255))
    with suppress(Malformed):
        counters(bytes(raw))


@given(st.binary(max_size=200))
def test_any_tail_ends_in_counters_or_malformed(tail: bytes) -> None:
    head = struct.pack("<BBBBiiqii", 1, 2, 0, 1, 32 + len(tail), 0, 0, 32, 8)
    with suppress(Malformed):
        counters(hsperf.MAGIC + head + tail)
