"""Source maps: their names, and what is no source map."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.errors import Malformed
from sensor.formats import sourcemap


def said(value: object) -> list[str]:
    return sourcemap.sources(json.dumps(value).encode())


def test_names_of_one_map() -> None:
    assert said({"version": 3, "sources": ["../a.js", None, 5, "b.js"]}) == ["../a.js", "b.js"]


def test_the_root_stands_before_each() -> None:
    assert said({"sources": ["a.js"], "sourceRoot": "webpack://shop/"}) == ["webpack://shop/a.js"]
    assert said({"sources": ["a.js"], "sourceRoot": ""}) == ["a.js"]


def test_sections() -> None:
    parts = [{"map": {"sources": ["a.js"]}}, {"url": "other.map"}, {"map": {"sources": ["b.js"]}}]
    assert said({"version": 3, "sections": parts}) == ["a.js", "b.js"]


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"sources": "a"}', b"[" * 5000, b"\xff"])
def test_what_is_no_map(data: bytes) -> None:
    with pytest.raises(Malformed):
        sourcemap.sources(data)


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Malformed, match="bytes, more than"):
        sourcemap.sources(b" " * (sourcemap.MAX_BYTES + 1))
    monkeypatch.setattr(sourcemap, "MAX_SOURCES", 2)
    with pytest.raises(Malformed, match="3 sources, more than 2"):
        said({"sources": ["a", "b", "c"]})
    monkeypatch.setattr(sourcemap, "MAX_SECTIONS", 1)
    with pytest.raises(Malformed, match="2 sections, more than 1"):
        said({"sections": [{}, {}]})


def test_names_are_bounded() -> None:
    assert said({"sources": ["x" * (sourcemap.MAX_NAME + 1), "a.js"]}) == ["a.js"]


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    try:
        found = sourcemap.sources(data)
    except Malformed:
        return
    assert all(isinstance(name, str) for name in found)
