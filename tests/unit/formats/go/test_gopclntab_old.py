"""Function tables of Go 1.12 to 1.15: functions that were inlined, and lies about them."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.errors import Malformed
from sensor.formats import gopclntab, gopclntab_old, gopclntab_search
from sensor.formats.elf import Elf
from sensor.formats.gopclntab_old import INLINING, Inlining, gather
from sensor.formats.source import Bytes
from tests.unit.formats.go.made import BASE, KINDS, LITTLE, Kind, elf, old_table, table

NAMES = [b"main.main", b"example.test/used.F", b"example.test/last.(*T).M"]
INLINED = [b"example.test/inlined.Double", b"math/bits.Len", b"main.small"]
# Where `elf` puts the first section.
VADDR = BASE + 4096


def read(data: bytes, inlining: Inlining | None) -> tuple[set[str], bool]:
    """Import paths of a program with a table in a section, and whether inlined ones are there."""
    program = Elf(Bytes(data))
    found = gopclntab_search.by_section(program)
    assert found is not None
    prefixes: set[bytes] = set()
    complete = True
    for step in gopclntab_old.steps(program, found, inlining):
        prefixes |= step.prefixes
        complete &= step.complete
    return {path for path in map(gopclntab.import_path, prefixes) if path}, complete


def program(kind: Kind = LITTLE, version: int = 14, vaddr: int = VADDR) -> bytes:
    made = old_table(NAMES, kind, INLINED, vaddr=vaddr, inlining=INLINING[version])
    return elf([(".gopclntab", made)], kind)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("version", INLINING)
def test_inlined_functions_are_named(kind: Kind, version: int) -> None:
    paths, complete = read(program(kind, version), INLINING[version])
    assert complete
    assert paths == {
        *("main", "example.test/used", "example.test/last", "example.test/inlined", "math/bits")
    }


def test_of_another_version_only_functions_of_their_own_are_named() -> None:
    paths, complete = read(program(), None)
    assert not complete
    assert paths == {"main", "example.test/used", "example.test/last"}


def test_addresses_that_are_only_there_when_loaded_are_said_to_be_missing() -> None:
    paths, complete = read(program(vaddr=1 << 40), INLINING[14])
    assert not complete
    assert paths == {"main", "example.test/used", "example.test/last"}


def test_a_newer_table_is_not_taken_for_an_old_one() -> None:
    made = elf([(".gopclntab", table("1.20", NAMES))])
    with pytest.raises(ValueError, match="layout"):
        read(made, None)
    old = old_table(NAMES)
    with pytest.raises(ValueError, match="old layout"):
        list(gopclntab.steps(Bytes(old), gopclntab.header(Bytes(old), 0, len(old))))


@pytest.mark.parametrize(
    ("was", "lie", "why"),
    [
        # The pc-value table of three calls: a larger count, then one that does not end.
        (b"\x06\1\0", b"\xfe\xff\x3f\1\0", "than any function has"),
        (b"\x06\1\0", b"\x80" * 40, "too long"),
    ],
)
def test_lies_about_inlined_calls_are_malformed(was: bytes, lie: bytes, why: str) -> None:
    data = program()
    at = data.index(was)
    with pytest.raises(Malformed, match=why):
        read(data[:at] + lie + data[at + len(lie) :], INLINING[14])


SIZE = len(old_table(NAMES, LITTLE, INLINED))


@given(st.lists(st.tuples(st.integers(0, SIZE - 1), st.integers(0, 255)), max_size=12))
def test_a_damaged_table_is_malformed_at_most(damage: list[tuple[int, int]]) -> None:
    data = bytearray(program())
    for at, value in damage:
        data[4096 + at] = value
    begin = time.monotonic()
    with suppress(Malformed):
        read(bytes(data), INLINING[14])
    assert time.monotonic() - begin < 5


@given(
    st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 300)), max_size=30),
    st.integers(20_300, 30_000),
)
def test_gathered_ranges_are_those_of_single_reads(
    ranges: list[tuple[int, int]], size: int
) -> None:
    data = bytes(n * n % 251 for n in range(size))
    whole = [data[start : start + length] for start, length in sorted(ranges)]
    assert gather(Bytes(data), ranges) == whole
