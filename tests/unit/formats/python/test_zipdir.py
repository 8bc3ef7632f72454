"""The zip reader against Python's zipfile, and against archives made to harm."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.errors import Malformed
from sensor.formats import zipdir
from sensor.formats.source import Bytes
from tests.support.tree import zipped

FILES: dict[str, str | bytes] = {
    "a.py": "print(1)\n" * 100,
    "b/c.txt": b"\0\1\2",
    "b/d/METADATA": "Name: x\n",
}


def archive(data: bytes) -> zipdir.Archive:
    return zipdir.Archive(Bytes(data))


@pytest.mark.parametrize("before", [b"", b"#!/usr/bin/env python3\n"])
def test_members_are_those_of_zipfile(before: bytes) -> None:
    data = zipped(FILES, before)
    ours = archive(data)
    with zipfile.ZipFile(io.BytesIO(data)) as theirs:
        assert set(ours.members) == set(theirs.namelist())
        for name in ours.members:
            assert ours.read(name, 1 << 20) == theirs.read(name)


def test_offsets_that_do_not_count_what_stands_before() -> None:
    assert archive(b"#!/bin/sh\n" + zipped(FILES)).read("b/c.txt", 10) == b"\0\1\2"


def test_zip64() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out, out.open("big.py", "w", force_zip64=True) as member:
        member.write(b"x" * 10)
    small = buffer.getvalue()
    # Past 65,535 entries zipfile writes the zip64 end record.
    many = zipped({f"{number}.py": b"" for number in range(66_000)})
    assert archive(small).read("big.py", 10) == b"x" * 10
    assert len(archive(many).members) == 66_000


def test_what_is_not_there() -> None:
    assert archive(zipped(FILES)).read("none", 10) is None


def test_a_member_larger_than_the_limit_is_refused() -> None:
    bomb = zipped({"RECORD": b"\0" * (50 << 20)})
    with pytest.raises(Malformed):
        archive(bomb).read("RECORD", 1 << 20)


def test_a_member_that_lies_about_its_size_is_refused() -> None:
    data = bytearray(zipped({"RECORD": b"\0" * 100_000}))
    header = data.find(b"PK\x01\x02")
    struct.pack_into("<L", data, header + 24, 10)
    with pytest.raises(Malformed):
        archive(bytes(data)).read("RECORD", 1 << 20)


def test_more_entries_than_the_bound() -> None:
    data = bytearray(zipped({"a": b""}))
    struct.pack_into("<L", data, data.rfind(b"PK\x05\x06") + 12, zipdir.MAX_DIRECTORY + 1)
    with pytest.raises(Malformed):
        archive(bytes(data))


@given(st.binary(max_size=400))
def test_noise_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        archive(data)


@given(st.data())
def test_a_damaged_archive_is_malformed_or_read(data: st.DataObject) -> None:
    raw = bytearray(zipped(FILES))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(raw[: data.draw(st.integers(0, len(raw)))])
    for damaged in (bytes(raw), cut):
        try:
            found = archive(damaged)
            for name in found.members:
                found.read(name, 1 << 16)
        except Malformed:
            continue


@given(st.binary(max_size=60), st.integers(0, 0xFFFFFFFF))
def test_damaged_zip64_fields(extra: bytes, start: int) -> None:
    header = struct.pack(
        "<4s6H3L5H2L",
        *(b"PK\x01\x02", 20, 20, 0, 8, 0, 0),
        *(0, 0xFFFFFFFF, 0xFFFFFFFF, 1, len(extra), 0, 0, 0, 0, start),
    )
    directory = header + b"a" + extra
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), 0, 0)
    try:
        archive(directory + end).read("a", 100)
    except Malformed:
        return
