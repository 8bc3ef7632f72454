"""Manifests and pom.properties as Java reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.formats import manifest

TEXT = (
    b"Manifest-Version: 1.0\r\n"
    b"Class-Path: lib/a.jar lib/b.j\r\n"
    b" ar lib/c.jar\r\n"
    b"Bundle-SymbolicName: org.x.y;singleton:=true\r\n"
    b"no attribute\r\n"
    b" and its continuation\r\n"
    b"\r\n"
    b"Name: org/x/\r\n"
    b"Implementation-Title: of a part\r\n"
)


def test_the_main_section_alone() -> None:
    assert manifest.main_attributes(TEXT) == {
        "manifest-version": "1.0",
        "class-path": "lib/a.jar lib/b.jar lib/c.jar",
        "bundle-symbolicname": "org.x.y;singleton:=true",
    }


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_every_end_of_a_line(end: bytes) -> None:
    assert manifest.main_attributes(b"A: b" + end + b" c" + end + b"D: e") == {"a": "bc", "d": "e"}


def test_a_letter_that_a_line_cuts_in_two() -> None:
    word = "ä".encode()
    assert manifest.main_attributes(b"A: " + word[:1] + b"\n " + word[1:]) == {"a": "ä"}


def test_bounds() -> None:
    many = b"A: 1\n" * (manifest.MAX_LINES + 10) + b"B: 2\n"
    assert manifest.main_attributes(many) == {"a": "1"}
    long = manifest.main_attributes(b"A: " + b"x" * (manifest.MAX_VALUE * 2))
    assert len(long["a"]) == manifest.MAX_VALUE


def test_properties() -> None:
    text = (
        b"#Created by Maven\n! more\ngroupId=org.x\n artifactId : a\nversion=1.0\nversion=2.0\nx\n"
    )
    assert manifest.properties(text) == {"groupId": "org.x", "artifactId": "a", "version": "2.0"}


@given(st.binary(max_size=500))
def test_noise(data: bytes) -> None:
    assert all(isinstance(v, str) for v in manifest.main_attributes(data).values())
    assert len(manifest.properties(data)) <= manifest.MAX_PROPERTIES


@given(
    st.dictionaries(
        st.from_regex(r"[A-Z][a-z]{1,9}", fullmatch=True),
        st.text(st.characters(exclude_categories=("C", "Z")), max_size=200),
        max_size=5,
    )
)
def test_what_is_written_as_the_specification_says_is_read(pairs: dict[str, str]) -> None:
    lines = b""
    for name, value in pairs.items():
        raw = f"{name}: {value}".encode()
        lines += raw[:70] + b"".join(b"\r\n " + raw[at : at + 69] for at in range(70, len(raw), 69))
        lines += b"\r\n"
    assert manifest.main_attributes(lines) == {k.lower(): v for k, v in pairs.items()}
