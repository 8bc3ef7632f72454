"""Hostile and wide text on a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.report.text import (
    cut,
    cut_left,
    escaped_surrogates,
    moment,
    numbers,
    padded,
    plural,
    printable,
    width,
    wrapped,
)

ANYTHING = st.text(st.characters(codec=None, categories=None), max_size=60)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain name-1.0", "plain name-1.0"),
        ("\x1b[2J", r"\x1b[2J"),
        ("a\tb\nc\x7f", r"a\x09b\x0ac\x7f"),
        ("\x9b31m", r"\x9b31m"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\U000e0041", r"\U000e0041"),
        ("byte \udcff", r"byte \xff"),
        ("lone \ud800", r"lone \ud800"),
        ("zürich 日本", "zürich 日本"),
        ("back\\slash", "back\\slash"),
    ],
)
def test_printable(text: str, expected: str) -> None:
    assert printable(text) == expected


@given(ANYTHING)
def test_nothing_that_a_terminal_obeys_comes_through(text: str) -> None:
    assert printable(text).isprintable()


@given(ANYTHING)
def test_what_is_left_is_utf8(text: str) -> None:
    assert escaped_surrogates(text).encode("utf-8").decode("utf-8") == escaped_surrogates(text)


def test_wide_characters_take_two_columns_and_combining_ones_none() -> None:
    assert [width(text) for text in ("abc", "日本", "e\u0301", "")] == [3, 4, 1, 0]


def test_cut_keeps_the_side_that_tells_more() -> None:
    assert cut("requests-toolbelt", 10) == "request..."
    assert cut_left("/usr/lib/x/__init__.py", 14) == "...__init__.py"
    assert cut("short", 10) == cut_left("short", 10) == "short"


@given(ANYTHING.map(printable), st.integers(0, 30))
def test_cut_text_fits_and_padded_text_fills(text: str, columns: int) -> None:
    assert width(cut(text, columns)) <= columns
    assert width(cut_left(text, columns)) <= columns
    assert width(padded(text, columns)) == columns


def test_wrapped_lines_lose_nothing() -> None:
    line = "  /usr/bin/python3 app.py  pid " + ", ".join(str(n) for n in range(1000, 1100, 2))
    lines = wrapped(line, 60)
    assert len(lines) > 3
    assert all(width(part) <= 60 for part in lines)
    assert "".join("".join(lines).split()) == "".join(line.split())
    assert wrapped(line, None) == [line]


def test_numbers() -> None:
    assert numbers([5, 3, 4, 9, 11, 12, 3]) == "3-5, 9, 11-12"
    assert numbers([]) == ""


def test_moment() -> None:
    assert moment(1_700_000_000.5) == "2023-11-14T22:13:20Z"
    assert moment(1e30) == "1e+30"
    assert moment(float("nan")) == "nan"


def test_plural() -> None:
    assert plural(1, "process", "processes") == "1 process"
    assert plural(0, "package") == "0 packages"
