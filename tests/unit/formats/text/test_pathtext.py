"""Any bytes of a path become text that JSON can hold, and come back."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.formats.pathtext import to_bytes, to_text


def has_private(raw: bytes) -> bool:
    return any("\uef80" <= letter <= "\uefff" for letter in raw.decode(errors="replace"))


@given(st.binary().filter(lambda raw: b"\0" not in raw and not has_private(raw)))
def test_every_path_comes_back(raw: bytes) -> None:
    text = to_text(raw)
    assert orjson.loads(orjson.dumps(text)) == text
    assert to_bytes(text) == raw


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_text_of_utf8_is_itself(text: str) -> None:
    assert to_text(text.encode()) == text


def test_bytes_that_python_escaped_are_taken_too() -> None:
    assert to_bytes("/\udce9") == to_bytes("/\uefe9") == b"/\xe9"


@pytest.mark.parametrize("text", ["/a\0b", "/\ud800"])
def test_what_is_no_path(text: str) -> None:
    with pytest.raises(ValueError, match=r"NUL|surrogates"):
        to_bytes(text)
