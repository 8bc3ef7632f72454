"""Assemblies: who they say they are, by made-up files; real ones are compared with dnfile live."""

from __future__ import annotations

import struct

import pytest

from sensor.errors import Malformed
from sensor.formats import clrmetadata, peversion
from sensor.formats.clrmetadata import Assembly
from sensor.formats.pe import MAX_SECTIONS, Pe
from sensor.formats.peversion import Version
from sensor.formats.source import Bytes
from tests.unit.formats.dotnet import made
from tests.unit.formats.elf.sources import Sparse


def pe(data: bytes) -> Pe:
    return Pe(Bytes(data))


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("heaps", [0, 1, 2, 4, 7, 0x41])
def test_name_and_version_with_indices_of_any_size(heaps: int, *, wide: bool) -> None:
    data = made.assembly("Some.Name", (1, 2, 3, 65535), heaps=heaps, wide=wide, rows={0: 1, 6: 20})
    found = pe(data)
    assert clrmetadata.assembly(found) == Assembly("Some.Name", "1.2.3.65535", "")
    assert not found.ready_to_run


@pytest.mark.parametrize("table", range(32))
def test_rows_of_every_table_may_stand_before(table: int) -> None:
    data = made.assembly(rows={table: 7})
    assert clrmetadata.assembly(pe(data)) == Assembly("Some.Name", "1.2.3.4", "")


def test_culture_and_machine_code() -> None:
    found = pe(made.assembly("Ä.resources", culture="zh-Hans", machine_code=True))
    assert clrmetadata.assembly(found) == Assembly("Ä.resources", "1.2.3.4", "zh-Hans")
    assert found.ready_to_run


def test_a_module_and_a_native_file_are_no_assemblies() -> None:
    assert clrmetadata.assembly(pe(made.assembly(rows={32: 0}))) is None
    native = made.image([(0, 0)] * 16, {made.CODE: b"\x90" * 64})
    assert clrmetadata.assembly(pe(native)) is None
    few = made.image([(0, 0)] * 4, {made.CODE: b"\x90" * 64})
    assert clrmetadata.assembly(pe(few)) is None


@pytest.mark.parametrize("product", ["", "5", "1.2.3-beta.1+abc", "words of 2 €"])
def test_version_resource(product: str) -> None:
    data = made.assembly(file=(1, 2, 30, 65535), product=product)
    assert peversion.version(pe(data)) == Version("1.2.30.65535", product)


def test_no_version_resource() -> None:
    assert peversion.version(pe(made.assembly())) == peversion.NONE
    assert peversion.version(pe(made.assembly(product="1.0"))) == Version("", "1.0")


@pytest.mark.parametrize("cut", [0, 1, 60, 100, 0x80, 0x150, 0x200, 0x230, 0x260])
def test_a_file_that_is_cut_off_is_malformed(cut: int) -> None:
    with pytest.raises(Malformed):
        clrmetadata.assembly(pe(made.assembly()[:cut]))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"MZ", b"ZM", "no MZ"),
        (b"PE\0\0", b"NE\0\0", "no PE header"),
        (b"BSJB", b"BSJA", "no metadata root"),
        (b"#Strings", b"#String_", "no strings"),
        (b"\x0b\1", b"\7\1", "optional header"),
        (struct.pack("<L", 0x80), struct.pack("<L", 1 << 30), "PE header at"),
    ],
)
def test_a_broken_file_says_why(old: bytes, new: bytes, message: str) -> None:
    data = made.assembly()
    assert old in data
    with pytest.raises(Malformed, match=message):
        clrmetadata.assembly(pe(data.replace(old, new, 1)))


def test_more_rows_than_a_token_can_number_are_refused() -> None:
    data = made.assembly(rows={2: 1})
    head = struct.pack("<2L", 1, 1)
    assert data.count(head) == 1
    with pytest.raises(Malformed, match="a table of"):
        clrmetadata.assembly(pe(data.replace(head, struct.pack("<2L", 1 << 24, 1))))


def test_more_sections_than_the_loader_takes_are_refused() -> None:
    data = bytearray(made.assembly())
    struct.pack_into("<H", data, 0x86, MAX_SECTIONS + 1)
    with pytest.raises(Malformed, match="97 sections"):
        pe(bytes(data))


def test_a_name_without_end_is_refused() -> None:
    data = made.assembly("x" * 2000)
    with pytest.raises(Malformed, match="a name of more than"):
        clrmetadata.assembly(pe(data))


def test_of_a_huge_file_little_is_read() -> None:
    source = Sparse(made.assembly(file=(1, 2, 3, 4)), 10 << 30)
    found = Pe(source)
    assert clrmetadata.assembly(found)
    assert peversion.version(found).file == "1.2.3.4"
    assert source.bytes < 8 << 10
