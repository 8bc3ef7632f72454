"""Damaged and lying ELF files: only Malformed, and bounded reads."""

from __future__ import annotations

import struct
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.errors import Malformed
from sensor.formats.elf import Elf
from sensor.formats.elf_layout import Layout
from sensor.formats.source import CHUNK, Bytes
from tests.unit.formats.elf.sources import Sparse, mapped_files

HUGE = 10 << 30
# The smallest file that this process runs.
REAL = min((path.read_bytes() for path in mapped_files()), key=len)
NAME = b"some_name"


def ask_everything(elf: Elf) -> None:
    """Ask all that can be asked; each question may fail for itself."""
    questions = (
        lambda: elf.segments,
        lambda: elf.sections,
        lambda: elf.section(".text"),
        lambda: elf.lowest_load,
        lambda: elf.vaddr_to_offset(4096),
        lambda: elf.read_vaddr(4096, 64),
        lambda: elf.symbol(NAME),
        lambda: list(elf.notes()),
        lambda: elf.build_id,
    )
    for question in questions:
        with suppress(Malformed):
            question()


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_file_is_malformed_and_nothing_else(data: st.DataObject) -> None:
    damaged = bytearray(REAL)
    tables = struct.unpack_from("<Q", REAL, 40)[0]
    place = st.one_of(st.integers(0, 1023), st.integers(tables, len(REAL) - 1))
    for at in data.draw(st.lists(place, max_size=20)):
        damaged[at] = data.draw(st.integers(0, 255))
    end = data.draw(st.one_of(st.just(len(REAL)), st.integers(0, len(REAL))))
    with suppress(Malformed):
        ask_everything(Elf(Bytes(bytes(damaged[:end]))))


@given(st.binary(max_size=400), st.sampled_from([b"\1\1", b"\1\2", b"\2\1", b"\2\2"]))
def test_any_bytes_behind_the_magic_are_malformed_at_most(data: bytes, kind: bytes) -> None:
    with suppress(Malformed):
        ask_everything(Elf(Bytes(b"\x7fELF" + kind + data)))


def header(layout: Layout, *, segments: int = 0, sections: int = 0) -> bytes:
    """A 64-bit header with tables right behind it."""
    fields = (3, 62, 1, 0, 64, 64, 0, 64, layout.segment_size, segments)
    counts = (layout.section_size, sections, 0)
    return b"\x7fELF\2\1\1".ljust(16, b"\0") + struct.pack("<HHIQQQIHHHHHH", *fields, *counts)


@pytest.mark.parametrize(("segments", "sections"), [(65535, 0), (257, 0), (1, 65535), (1, 4097)])
def test_more_headers_than_any_linker_writes_are_refused(segments: int, sections: int) -> None:
    source = Sparse(header(Layout(word=8, order="<"), segments=segments, sections=sections), HUGE)
    elf = Elf(source)
    if sections:
        assert elf.sections == ()
    else:
        with pytest.raises(Malformed, match="program headers"):
            _ = elf.segments
    ask_everything(elf)
    assert source.bytes < 1 << 20


def test_a_file_of_ten_gigabytes_that_claims_tables_everywhere_is_not_read_whole() -> None:
    layout = Layout(word=8, order="<")
    # Section names, a symbol table (type 2) of 1 GB, and its strings of 1 GB.
    claims = ((3, 64), (2, 1 << 30), (3, 1 << 30))
    rows = [struct.pack("<IIQQQQIIQQ", 0, kind, 0, 0, 4096, n, 2, 0, 8, 24) for kind, n in claims]
    source = Sparse(header(layout, sections=3) + b"".join(rows), HUGE)
    elf = Elf(source)
    with pytest.raises(Malformed, match="1073741824 bytes"):
        elf.symbol(NAME)
    ask_everything(elf)
    assert source.bytes < 64 << 20


@pytest.mark.parametrize("tag", [4, 0x6FFFFEF5])
def test_a_hash_chain_without_end_is_refused(tag: int) -> None:
    """Every word of the file says "go on with the next symbol", or leads back to itself."""
    layout = Layout(word=8, order="<")
    load = struct.pack("<IIQQQQQQ", 1, 4, 0, 0, 0, HUGE, HUGE, 4096)
    dynamic = struct.pack("<IIQQQQQQ", 2, 4, 512, 512, 512, 64, 64, 8)
    entries = [(tag, 1024), (5, 4096), (6, 8192), (0, 0)]
    table = b"".join(struct.pack("<qQ", *entry) for entry in entries)
    # GNU: one bucket, first symbol 1, no bloom words. System V: one bucket, symbol 1 follows 1.
    words = (1, 1, 0, 0, 1) if tag != 4 else (1, 2, 1, 0, 1)
    data = (header(layout, segments=2) + load + dynamic).ljust(512, b"\0") + table
    source = Sparse(data.ljust(1024, b"\0") + struct.pack("<5I", *words), HUGE)
    with pytest.raises(Malformed, match="hash chain"):
        Elf(source).symbol(NAME)
    assert source.bytes < 32 << 20


def with_names(strings: bytes, *offsets: int) -> Elf:
    """A file with a symbol table (type 2) of these names, each with its number as its value."""
    layout = Layout(word=8, order="<")
    symbols = b"".join(
        struct.pack("<IBBHQQ", offset, 1, 0, 1, number, 8) for number, offset in enumerate(offsets)
    )
    parts = ((3, 1), (2, len(symbols)), (3, len(strings)))
    rows, at = [], 4096
    for kind, size in parts:
        rows.append(struct.pack("<IIQQQQIIQQ", 0, kind, 0, 0, at, size, 2, 0, 8, 24))
        at += size
    body = (header(layout, sections=3) + b"".join(rows)).ljust(4096, b"\0")
    return Elf(Bytes(body + b"\0" + symbols + strings))


def test_a_name_that_is_the_tail_of_another_is_found() -> None:
    strings = b"\0other\0un_some_name\0"
    assert with_names(strings, 1, 10).symbol(NAME) == (1, 8)


def test_a_name_for_itself_is_found_among_many_that_end_in_it() -> None:
    strings = b"\0" + b"".join(b"%03d_some_name\0" % n for n in range(500)) + b"some_name\0"
    own = strings.index(b"\0some_name\0") + 1
    assert with_names(strings, 1, own).symbol(NAME) == (1, 8)
    with pytest.raises(Malformed, match="names end in"):
        with_names(strings.replace(b"\0some_name\0", b"\0more_name\0"), 1, own).symbol(NAME)


def test_a_name_across_two_chunks_is_found() -> None:
    for shift in range(12):
        strings = b"\0" * (CHUNK - shift) + b"some_name\0"
        assert with_names(strings, CHUNK - shift).symbol(NAME) == (0, 8)


def test_a_table_of_one_name_again_and_again_is_given_up() -> None:
    """Zeros are entries, undefined ones, of the name at the start of the strings."""
    layout = Layout(word=8, order="<")
    claims = ((3, 4096, 1), (2, 4096 + 64, 60 << 20), (3, 1 << 30, 64))
    rows = [struct.pack("<IIQQQQIIQQ", 0, k, 0, 0, at, size, 2, 0, 8, 24) for k, at, size in claims]
    head = header(layout, sections=3) + b"".join(rows)
    source = Sparse(head, HUGE, {1 << 30: b"some_name\0"})
    begin = time.monotonic()
    with pytest.raises(Malformed, match="symbols of one name"):
        Elf(source).symbol(NAME)
    assert time.monotonic() - begin < 1
