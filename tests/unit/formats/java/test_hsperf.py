"""Counters of a JVM: both byte orders, what is skipped, damage. Real ones are in live tests."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.errors import Malformed
from sensor.formats import hsperf
from sensor.formats.hsperf import Counter

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


@pytest.mark.parametrize("order", ORDERS)
def test_numbers_and_texts(order: str) -> None:
    raw = data(*ITEMS, order=order)
    found = list(hsperf.counters(raw))
    assert [(counter.name, counter.value) for counter in found] == list(ITEMS)
    number = struct.unpack_from(order + "q", raw, found[0].at)[0]
    assert number == found[0].value
    assert raw[found[1].at :].startswith(b"17.0.15\0")


def test_other_kinds_are_skipped() -> None:
    raw = bytearray(data(*ITEMS))
    raw[32 + 12] = ord("D")
    assert [counter.name for counter in hsperf.counters(bytes(raw))] == [n for n, _ in ITEMS[1:]]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0" * 64,
        data(*ITEMS)[:31],
        data(*ITEMS, accessible=0),
        data(*ITEMS, major=1),
        data(*ITEMS)[:-8],
        data(*ITEMS)[:28] + struct.pack("<i", 4) + data(*ITEMS)[32:],
        data(*ITEMS)[:28] + struct.pack("<i", -1) + data(*ITEMS)[32:],
        data(*ITEMS)[:24] + struct.pack("<i", 4) + data(*ITEMS)[28:],
        data(*ITEMS)[:32] + struct.pack("<i", 19) + data(*ITEMS)[36:],
        data(*ITEMS)[:36] + struct.pack("<i", 1 << 20) + data(*ITEMS)[40:],
    ],
)
def test_damage_is_told(raw: bytes) -> None:
    with pytest.raises(Malformed):
        list(hsperf.counters(raw))


@given(st.data())
def test_any_bytes_end_in_counters_or_malformed(source: st.DataObject) -> None:
    raw = bytearray(data(*ITEMS))
    for _ in range(source.draw(st.integers(1, 8))):
        raw[source.draw(st.integers(0, len(raw) - 1))] = source.draw(st.integers(0, 255))
    with suppress(Malformed):
        for counter in hsperf.counters(bytes(raw)):
            assert isinstance(counter, Counter)
            assert 0 < counter.at < len(raw)


@given(st.binary(max_size=200))
def test_any_tail_ends_in_counters_or_malformed(tail: bytes) -> None:
    head = struct.pack("<BBBBiiqii", 1, 2, 0, 1, 32 + len(tail), 0, 0, 32, 8)
    with suppress(Malformed):
        list(hsperf.counters(hsperf.MAGIC + head + tail))
