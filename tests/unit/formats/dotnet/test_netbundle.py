"""Bundles of the three versions, made to the format; a real one of .NET 10 is run live."""

from __future__ import annotations

import struct

import pytest

from sensor.errors import Malformed
from sensor.formats import netbundle
from sensor.formats.elf import Elf
from sensor.formats.netbundle import ASSEMBLY, DEPS, Entry
from sensor.formats.source import Bytes
from tests.unit.formats.dotnet import made
from tests.unit.formats.go.made import elf

FILES = {
    "A.dll": (ASSEMBLY, b"MZ" * 50),
    "de/" + "B" * 200 + ".dll": (ASSEMBLY, b"MZ"),
    "A.deps.json": (DEPS, b"{}"),
}


@pytest.mark.parametrize("version", [1, 2, 6])
def test_every_version(version: int) -> None:
    data, header = made.bundle(FILES, version, start=1000)
    source = Bytes(bytes(1000) + data)
    found = netbundle.read(source, header)
    assert found.version == version
    assert [(e.path, e.kind, e.packed) for e in found.entries] == [
        (path, kind, 0) for path, (kind, _) in FILES.items()
    ]
    for entry in found.entries:
        assert source.read([(entry.offset, entry.size)]) == [FILES[entry.path][1]]


def test_packed_files() -> None:
    data, header = made.bundle(FILES, start=64, packed={"A.dll": 30})
    found = netbundle.read(Bytes(bytes(64) + data), header)
    assert found.entries[0] == Entry("A.dll", 64, 100, 30, ASSEMBLY)


def test_the_mark_leads_to_the_header() -> None:
    program = elf([(".data", b"words" + made.marked(123456) + b"more")])
    assert netbundle.header(Elf(Bytes(program))) == 123456
    # The host of a program that is no bundle has the mark, and no place.
    assert netbundle.header(Elf(Bytes(elf([(".data", made.marked(0))])))) is None
    assert netbundle.header(Elf(Bytes(elf([(".data", b"words")])))) is None
    assert (
        netbundle.header(Elf(Bytes(elf([(".text", made.marked(5)), (".data", b"words")])))) is None
    )


def test_the_mark_is_the_one_of_the_runtime_source() -> None:
    assert netbundle.MARK.hex().startswith("8b1202b96a612038")


def test_too_much_data_is_not_searched() -> None:
    program = elf([(".data", bytes(netbundle.MAX_DATA + 1))])
    with pytest.raises(Malformed, match="to search"):
        netbundle.header(Elf(Bytes(program)))


@pytest.mark.parametrize("place", [-1, 0, 1 << 40])
def test_a_header_outside_is_malformed(place: int) -> None:
    with pytest.raises(Malformed, match="a bundle header at"):
        netbundle.read(Bytes(bytes(100)), place)


def bad(change: bytes) -> Bytes:
    """A list that begins with these bytes instead of its own."""
    data, header = made.bundle(FILES)
    return Bytes(data[:header] + change + data[header + len(change) :])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (struct.pack("<L", 7), "a bundle of version 7"),
        (struct.pack("<2Li", 6, 0, -1), "a bundle of -1 files"),
        (struct.pack("<2Li", 6, 0, 5_001), "a bundle of 5001 files"),
        (struct.pack("<2Li", 6, 0, 5_000), "cut off"),
        (struct.pack("<2Li", 6, 0, 3) + b"\xff\xff\xff\xff\xff\x01", "more than five bytes"),
        (struct.pack("<2Li", 6, 0, 3) + b"\xff\x7f", "a name of 16383 bytes"),
    ],
)
def test_lies_about_the_list_are_malformed(change: bytes, message: str) -> None:
    data, header = made.bundle(FILES)
    assert data
    with pytest.raises(Malformed, match=message):
        netbundle.read(bad(change), header)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((-1, 5, 0), "before its start"),
        ((5, 1 << 60, 0), "behind its end"),
        ((5, 5, 1 << 60), "behind"),
    ],
)
def test_files_outside_are_malformed(row: tuple[int, int, int], message: str) -> None:
    head = struct.pack("<2Li", 6, 0, 1) + made.name("id") + struct.pack("<4qQ", 0, 0, 0, 0, 0)
    data = bytes(64) + head + struct.pack("<3q", *row) + b"\1" + made.name("a.dll")
    with pytest.raises(Malformed, match=message):
        netbundle.read(Bytes(data), 64)
