"""Function tables of Go programs: every layout and kind of machine, names, chunks, lies."""

from __future__ import annotations

import tracemalloc
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.errors import Malformed
from sensor.formats import gopclntab, gopclntab_old, gopclntab_search
from sensor.formats.elf import Elf
from sensor.formats.gopclntab import import_path
from sensor.formats.source import CHUNK, Bytes
from tests.unit.formats.elf.sources import Sparse
from tests.unit.formats.go.made import BASE, KINDS, LITTLE, MAGICS, Kind, elf, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sensor.formats.gopclntab import Step
    from sensor.formats.source import Range

# Names as the linker writes them, and the import path that each stands for.
NAMES = {
    b"main.main": "main",
    b"main.main.func1": "main",
    b"net/http.(*Server).Serve": "net/http",
    b"net/http.(*Server).Serve.func1": "net/http",
    b"net/http.glob..func1": "net/http",
    b"go.uber.org/zap.New": "go.uber.org/zap",
    b"go/ast.Walk": "go/ast",
    b"gopkg.in/yaml%2ev3.Marshal": "gopkg.in/yaml.v3",
    b"example.test/a.b/c%2ed.F": "example.test/a.b/c.d",
    b"slices.Sort[go.shape.[]example.test/x/y.T]": "slices",
    b"example.test/gen.Map[example.test/k.K,int].Get": "example.test/gen",
    b"vendor/golang.org/x/net/http/httpguts.isCTL": "vendor/golang.org/x/net/http/httpguts",
    b"example.test/m.init.0": "example.test/m",
    b"example.test/part.part": "example.test/part",
    b"type:.eq.example.test/hidden.T": None,
    b"type..hash.example.test/hidden.T": None,
    b"type:.eq.[2]string": None,
    b"go:buildid": None,
    b"go.buildid": None,
    b"go.(*struct { sync.Mutex }).Lock": None,
    b"go.struct { example.test/hidden.T }.Close": None,
    b"memeqbody": None,
    b"_rt0_amd64_linux": None,
    b"hidden_c_function.part.0": None,
    b"hidden_c_function.isra.12": None,
    b"_ZN6__tsan7DoResetEPNS_11ThreadStateEm.part.0": None,
    b"": None,
}
PATHS = {path for path in NAMES.values() if path}
LAYOUTS = tuple(MAGICS)


def steps(data: bytes, resume: int | None = None) -> Iterator[Step]:
    """The steps of a table that is the whole of the data."""
    source = Bytes(data)
    head = gopclntab.header(source, 0, len(data))
    if head.layout != "1.2":
        return gopclntab.steps(source, head, resume)
    kind = Kind(head.word, head.order)
    program = Elf(Bytes(elf([], kind)))
    program.source = source
    return gopclntab_old.steps(program, head, None, resume)


def paths_of(data: bytes) -> set[str]:
    found: set[bytes] = set()
    for step in steps(data):
        found |= step.prefixes
    return {path for path in map(import_path, found) if path}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_names_lead_to_import_paths_in_every_layout(layout: str, kind: Kind) -> None:
    assert paths_of(table(layout, list(NAMES), kind)) == PATHS


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_reading_can_stop_after_any_chunk_and_go_on(layout: str) -> None:
    count = 9000 if layout == "1.2" else 90_000
    names = [b"example.test/%05d/%s.F" % (n // 3, b"p" * (n % 40)) for n in range(count)]
    data = table(layout, names)
    whole = list(steps(data))
    assert len(whole) > 2
    found: set[bytes] = set()
    resume: int | None = None
    for _ in whole:
        step = next(steps(data, resume))
        found |= step.prefixes
        resume = step.resume
    assert resume is None
    assert found == {name.removesuffix(b".F") for name in names}


def test_a_large_table_is_read_with_little_memory() -> None:
    names = [b"example.test/package%d.Function%08d" % (n % 50, n) for n in range(400_000)]
    data = table("1.20", names)
    assert len(data) > 12 * CHUNK
    tracemalloc.start()
    assert len(paths_of(data)) == 50
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * CHUNK


@pytest.mark.parametrize("layout", LAYOUTS)
def test_counts_and_offsets_that_cannot_be_are_malformed(layout: str) -> None:
    honest = table(layout, list(NAMES))
    for at in range(8, 72, 8):
        for lie in (1 << 60, (1 << 63) - 1, 5_000_000, 0xFFFFFFFF):
            data = honest[:at] + lie.to_bytes(8, "little") + honest[at + 8 :]
            with suppress(Malformed):
                paths_of(data)
    with pytest.raises(Malformed, match="functions"):
        paths_of(honest[:8] + (1 << 60).to_bytes(8, "little") + honest[16:])


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no Go function table"),
        (b"\x7fELF" * 20, "no Go function table"),
        (table("1.20", [b"main.main"])[:40], "room for its header"),
        (table("1.20", [b"a" * (CHUNK + 1)]), "more than"),
        (table("1.20", [b"example.test/" + b"a" * 1100 + b".F"]), "import path of more than"),
        (table("1.2", [b"main.main"])[:-80], "outside its table"),
    ],
)
def test_what_no_linker_writes_is_malformed(data: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        paths_of(data)


def test_records_that_lead_backwards_are_refused_and_not_read_again_and_again() -> None:
    data = table("1.2", [b"main.f%d" % n for n in range(1000)])
    # The first record is said to stand where nothing else of this table is in the same chunk.
    far = data[:24] + (len(data) + CHUNK).to_bytes(8, "little") + data[32:] + bytes(3 * CHUNK)
    with pytest.raises(Malformed, match="out of order"):
        paths_of(far)


def test_long_names_of_foreign_functions_are_left_out() -> None:
    assert paths_of(table("1.20", [b"_Z" + b"a" * 3000 + b".cold", b"main.main"])) == {"main"}


@given(st.binary(max_size=600), st.sampled_from(LAYOUTS))
def test_any_bytes_behind_the_magic_are_malformed_at_most(data: bytes, layout: str) -> None:
    with suppress(Malformed):
        paths_of(table(layout, [b"main.main"])[:8] + data)


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=10))
def test_a_damaged_table_is_malformed_at_most(damage: list[tuple[int, int]]) -> None:
    for layout in LAYOUTS:
        data = bytearray(table(layout, list(NAMES)))
        for at, value in damage:
            data[at] = value
        with suppress(Malformed):
            paths_of(bytes(data))


def search(data: bytes) -> int | None:
    """The offset of the table that is found by search."""
    found = [table for table in gopclntab_search.by_search(Elf(Bytes(data))) if table]
    return found[0].offset if found else None


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_table_that_the_program_points_to_is_found_without_its_section(kind: Kind) -> None:
    embedded = table("1.20", [b"example.test/embedded.F"], kind)
    own = table("1.20", [b"main.main"], kind)
    at = 4096 + len(embedded) + -len(embedded) % 64
    pointer = kind.pack(kind.code, BASE + at)
    data = elf([(".x", embedded), (".y", own), (".z", pointer)], kind, sections=False)
    assert search(data) == at
    nobody = elf([(".x", embedded), (".y", own)], kind, sections=False)
    assert search(nobody) is None


@pytest.mark.parametrize("name", gopclntab.SECTIONS)
def test_a_section_of_that_name_is_the_table(name: str) -> None:
    data = elf([(name, table("1.20", [b"main.main"]))])
    found = gopclntab_search.by_section(Elf(Bytes(data)))
    assert found is not None
    assert found.offset == 4096


def test_a_section_that_is_no_table_is_malformed() -> None:
    with pytest.raises(Malformed, match="no Go function table"):
        gopclntab_search.by_section(Elf(Bytes(elf([(".gopclntab", bytes(4096))]))))


def test_a_program_of_ten_gigabytes_is_searched_within_the_bound() -> None:
    data = bytearray(elf([(".x", b"nothing")], sections=False))
    # The one segment claims 9 GB of the file.
    data[64 + 32 : 64 + 48] = (9 << 30).to_bytes(8, "little") * 2
    source = Sparse(bytes(data), 10 << 30)
    assert not any(gopclntab_search.by_search(Elf(source)))
    assert source.bytes < gopclntab_search.MAX_SEARCH + (8 << 20)


def test_a_program_full_of_tables_that_nothing_points_to_is_given_up() -> None:
    decoys = table("1.20", [b"main.main"]).ljust(192, b"\0") * 20_000
    source = Counting(elf([(".x", decoys)], sections=False))
    with pytest.raises(Malformed, match="places"):
        list(gopclntab_search.by_search(Elf(source)))
    assert source.asked < 40 * len(decoys)


class Counting(Bytes):
    """Bytes that count what is asked for."""

    asked = 0

    def read(self, ranges: Sequence[Range]) -> list[bytes | None]:
        self.asked += sum(size for _, size in ranges)
        return super().read(ranges)


def test_places_that_only_look_like_a_table_cost_little() -> None:
    fakes = (b"\xf1\xff\xff\xff\0\0\1\x08" + bytes(8)) * 50_000
    assert search(elf([(".x", fakes)], LITTLE, sections=False)) is None


def test_a_block_of_zeros_is_no_block_of_names() -> None:
    data = table("1.20", [b""] * 100_000)
    with pytest.raises(Malformed, match="too short"):
        paths_of(data)
