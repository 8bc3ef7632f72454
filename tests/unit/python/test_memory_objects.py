"""Decoding any bytes: an answer within its bounds or None, and of files only Malformed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.errors import Malformed
from sensor.formats.source import Bytes
from sensor.resolvers.python import objects
from sensor.resolvers.python.anchors import Anchors, anchors
from sensor.resolvers.python.layouts import LAYOUTS

if TYPE_CHECKING:
    from sensor.resolvers.python.layouts import Layout
    from tests.harness.fixtures import Toolbox

layouts = st.sampled_from(sorted(LAYOUTS.values()))
# The start of a free-threaded program: header, program headers, and what they point to in reach.
HEAD = 1 << 16


@given(st.binary(min_size=objects.DICT_SIZE, max_size=objects.DICT_SIZE))
def test_any_dict(data: bytes) -> None:
    found = objects.as_dict(data)
    assert found is None or (found.used <= objects.MAX_MODULES and objects.is_pointer(found.keys))


@given(layouts, st.binary(min_size=objects.KEYS_SIZE, max_size=objects.KEYS_SIZE))
def test_any_keys(layout: Layout, data: bytes) -> None:
    found = objects.as_keys(layout, data)
    assert found is None or 0 <= found.filled <= 1 << objects.MAX_KEYS_LOG2


@given(st.integers(0, 20), st.integers(0, 24), st.integers(0, 3), st.integers(-2, 1 << 20))
def test_any_geometry_of_new_keys(size: int, index: int, kind: int, filled: int) -> None:
    header = (1).to_bytes(8, "little") + bytes([size, index, kind, 0]) + bytes(4)
    data = header + (0).to_bytes(8, "little") + (filled & (1 << 64) - 1).to_bytes(8, "little")
    found = objects.as_keys(LAYOUTS["3.12"], data + bytes(8))
    right = size <= objects.MAX_KEYS_LOG2 and size <= index <= size + 3 and kind <= 1
    assert (found is not None) == (right and 0 <= filled <= 1 << size)


@given(layouts, st.binary(min_size=objects.TEXT_SIZE, max_size=objects.TEXT_SIZE), st.binary())
def test_any_text(layout: Layout, data: bytes, characters: bytes) -> None:
    text = objects.as_text(layout, data)
    if text is not None:
        assert text.size <= 4 * objects.MAX_TEXT
        decoded = objects.decode(text, characters)
        # What is decoded can be reported: it has no lone surrogates, which would raise here.
        assert decoded is None or decoded.encode().decode() == decoded


def program(toolbox: Toolbox, version: str) -> bytes:
    return Path(toolbox.python(version).argv[0]).read_bytes()


@pytest.mark.runtimes
def test_static_interpreter_by_symbol_by_section_and_by_cookie(toolbox: Toolbox) -> None:
    data = program(toolbox, "3.13t")
    by_symbol = anchors(Bytes(data), "python3.13t")
    assert by_symbol.runtime is not None
    assert by_symbol.debug is not None
    assert (by_symbol.debug.minor, by_symbol.debug.free_threaded) == (13, True)
    nameless = data.replace(b"_PyRuntime\0", b"_PyRuntimf\0")
    by_section = anchors(Bytes(nameless), "python3.13t")
    by_cookie = anchors(Bytes(nameless.replace(b".PyRuntime\0", b".PyRuntimf\0")), "python")
    assert by_symbol == by_section == by_cookie


@pytest.mark.runtimes
@pytest.mark.parametrize("version", ["3.11", "3.12"])
def test_version_by_the_constant_in_the_file(toolbox: Toolbox, version: str) -> None:
    folder = Path(toolbox.python(version).argv[0]).parents[1] / "lib"
    data = (folder / f"libpython{version}.so.1.0").read_bytes()
    found = anchors(Bytes(data), "renamed")
    assert found.minor == int(version[2:])
    assert found.runtime is not None
    assert Anchors.from_plain(found.plain()) == found


@given(st.data())
def test_damaged_file_is_malformed_or_read(data: st.DataObject) -> None:
    start = bytearray(Path(sys.executable).resolve().read_bytes()[:HEAD])
    for _ in range(data.draw(st.integers(1, 8))):
        start[data.draw(st.integers(0, 1023))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(start)))
    try:
        found = anchors(Bytes(bytes(start[:cut])), "python3.11")
    except Malformed:
        return
    assert found.minor in {11, None} or found.debug
