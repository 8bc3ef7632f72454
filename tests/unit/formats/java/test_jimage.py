"""The image of a JDK: one that is made here, the machine's own, and damaged ones."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.errors import Malformed
from sensor.formats import jimage
from sensor.formats.source import Bytes

ENTRIES = (
    ("java.base", "java/lang", "Object", "class"),
    ("java.base", "java/lang", "String", "class"),
    ("java.base", "java/util", "Map", "class"),
    ("java.base", "sun/util", "names", "properties"),
    ("java.base", "", "module-info", "class"),
    ("java.sql", "java/sql", "Driver", "class"),
)


def image(
    entries: tuple[tuple[str, str, str, str], ...] = ENTRIES,
    order: str = "<",
    kinds: tuple[int, ...] = (1, 2, 3, 4),
) -> bytes:
    """Write as jdk.tools.jlink.internal does: offsets of strings, attributes of locations."""
    strings = b"\0"
    offsets: dict[str, int] = {"": 0}
    for text in (word for entry in entries for word in entry):
        if text not in offsets:
            offsets[text] = len(strings)
            strings += text.encode() + b"\0"
    locations, places = b"\0", []
    for entry in entries:
        places.append(len(locations))
        for kind in kinds:
            value = offsets[entry[kind - 1]]
            size = max(1, (value.bit_length() + 7) // 8)
            if value:
                locations += bytes([kind << 3 | (size - 1)]) + value.to_bytes(size, "big")
        locations += bytes([5 << 3]) + b"\x07" + b"\0"
    head = (0xCAFEDADA, 1 << 16, 0, len(entries), len(entries), len(locations), len(strings))
    count = len(entries)
    tables = struct.pack(f"{order}{2 * count}L", *([0] * count), *places)
    return struct.pack(f"{order}7L", *head) + tables + locations + strings


@pytest.mark.parametrize("order", ["<", ">"])
def test_packages_with_classes_by_module(order: str) -> None:
    assert jimage.modules(Bytes(image(order=order))) == {
        "java.base": {"java/lang", "java/util"},
        "java.sql": {"java/sql"},
    }


def test_attributes_in_another_order_say_the_same() -> None:
    usual = jimage.modules(Bytes(image()))
    for kinds in ((2, 1, 3, 4), (3, 1, 2, 4), (1, 3, 2, 4)):
        assert jimage.modules(Bytes(image(kinds=kinds))) == usual


def test_a_later_minor_version_and_a_kind_of_attribute_that_we_do_not_know() -> None:
    data = bytearray(image())
    struct.pack_into("<L", data, 4, (1 << 16) + 1)
    assert "java.base" in jimage.modules(Bytes(bytes(data)))
    struct.pack_into("<L", data, 4, 2 << 16)
    with pytest.raises(Malformed):
        jimage.modules(Bytes(bytes(data)))


def test_bounds() -> None:
    data = bytearray(image())
    struct.pack_into("<L", data, 16, jimage.MAX_LOCATIONS + 1)
    with pytest.raises(Malformed, match="locations"):
        jimage.modules(Bytes(bytes(data)))


def test_more_packages_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jimage, "MAX_PACKAGES", 2)
    with pytest.raises(Malformed, match="packages"):
        jimage.modules(Bytes(image()))


@given(st.data())
def test_a_damaged_image_is_malformed_or_read(data: st.DataObject) -> None:
    raw = bytearray(image())
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = jimage.modules(Bytes(bytes(raw[: data.draw(st.integers(0, len(raw)))])))
    except Malformed:
        return
    assert sum(map(len, found.values())) <= len(ENTRIES)


@given(st.binary(max_size=200))
def test_noise(data: bytes) -> None:
    with pytest.raises(Malformed):
        jimage.modules(Bytes(data))
