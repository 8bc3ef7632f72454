"""Frames between agent and worker: cut anywhere, lying about their length, damaged."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor import workerwire
from sensor.errors import Malformed
from sensor.workerwire import Message, Unpacker, pack, squeezed, unsqueezed

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=20,
)
HEADS = st.dictionaries(st.text(max_size=8), PLAIN, max_size=4)
MESSAGES = st.lists(st.tuples(HEADS, st.binary(max_size=50)), max_size=4)


@given(MESSAGES, st.integers(1, 40))
def test_messages_come_out_as_they_went_in_however_the_stream_is_cut(
    messages: list[tuple[dict[str, object], bytes]], step: int
) -> None:
    stream = b"".join(pack(head, blob) for head, blob in messages)
    unpacker = Unpacker()
    parts = [stream[at : at + step] for at in range(0, len(stream), step)]
    assert [tuple(one) for part in parts for one in unpacker.feed(part)] == messages


@pytest.mark.parametrize(
    "lengths", [(workerwire.MAX_HEAD + 1, 0), (2, workerwire.MAX_BLOB + 1), (2**32 - 1, 2**32 - 1)]
)
def test_a_frame_that_is_too_large_is_refused_before_it_is_read(lengths: tuple[int, int]) -> None:
    with pytest.raises(Malformed, match="a frame of"):
        list(Unpacker().feed(struct.pack("!II", *lengths)))


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff\xfe", b"1"])
def test_a_head_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        list(Unpacker().feed(struct.pack("!II", len(body), 0) + body))


def test_a_message_that_the_other_side_refuses_is_not_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workerwire, "MAX_BLOB", 3)
    assert list(Unpacker().feed(pack({}, b"abc"))) == [Message({}, b"abc")]
    with pytest.raises(Malformed):
        pack({}, b"abcd")


@given(PLAIN)
def test_squeezed_data_comes_back(value: object) -> None:
    assert unsqueezed(squeezed(value)) == value


def test_what_is_too_large_to_keep_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workerwire, "MAX_UNPACKED", 10)
    assert squeezed("x" * 20) == b""
    assert unsqueezed(b"") is None


def test_a_blob_that_inflates_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    blob = squeezed("x" * 100_000)
    monkeypatch.setattr(workerwire, "MAX_UNPACKED", 1000)
    with pytest.raises(Malformed, match="damaged"):
        unsqueezed(blob)


@given(st.binary(min_size=1, max_size=30))
def test_a_damaged_blob_is_refused(noise: bytes) -> None:
    with pytest.raises(Malformed):
        unsqueezed(b"\0" + noise)
