"""The image of a JDK: one that is made here, the machine's own, and damaged ones."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.errors import Malformed
from sensor.formats import jimage
from sensor.formats.source import Bytes
from tests.support.jimagemade import ENTRIES, image


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
