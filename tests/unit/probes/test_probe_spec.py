"""The committed object: its ELF as pyelftools reads it, and what it asks for as a golden file."""

from __future__ import annotations

import io
import json
import struct

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection
from elftools.elf.sections import SymbolTableSection
from hypothesis import example, given
from hypothesis import strategies as st

from ebpf_prebuilt import OBJECT
from probes.bpf import core, elf, load, spec
from probes.errors import Malformed, ProbeError
from tests.unit.probes.described import GOLDEN, described

DATA = OBJECT.read_bytes()
# Where damage does most: the header, the table of sections at the end, and then anywhere.
TABLE = int.from_bytes(DATA[40:48], "little")
PLACES = (st.integers(0, 63), st.integers(TABLE, len(DATA) - 1), st.integers(0, len(DATA) - 1))


def test_what_the_object_asks_for() -> None:
    assert described() == json.loads(GOLDEN.read_text())


def test_sections_as_pyelftools_reads_them() -> None:
    oracle = ELFFile(io.BytesIO(DATA))
    ours = [(each.name, each.data) for each in elf.Elf(DATA).sections]
    assert ours == [(each.name, each.data()) for each in oracle.iter_sections()]


def test_symbols_as_pyelftools_reads_them() -> None:
    oracle = ELFFile(io.BytesIO(DATA)).get_section_by_name(".symtab")
    assert isinstance(oracle, SymbolTableSection)
    theirs = [(each.name, each["st_value"], each["st_size"]) for each in oracle.iter_symbols()]
    assert [(each.name, each.offset, each.size) for each in elf.Elf(DATA).symbols] == theirs


def test_relocations_as_pyelftools_reads_them() -> None:
    name = "raw_tp/sched_process_exec"
    oracle = ELFFile(io.BytesIO(DATA)).get_section_by_name(f".rel{name}")
    assert isinstance(oracle, RelocationSection)
    theirs = [(each["r_offset"], each["r_info_sym"]) for each in oracle.iter_relocations()]
    ours = elf.Elf(DATA)
    number = ours.sections.index(ours.section(name))
    found = ours.relocations(number)
    assert [(each.offset, ours.symbols.index(each.symbol)) for each in found] == theirs


def test_settings_change_only_their_own_words() -> None:
    read, _ = spec.read(DATA)
    changed = spec.with_settings(read, {"cfg_cgroup": 3, "cfg_pidns": 0xF0000001})
    place = read.settings["cfg_cgroup"], read.settings["cfg_pidns"]
    words = [struct.unpack_from("<I", changed.rodata, each)[0] for each in place]
    assert words == [3, 0xF0000001]
    again = spec.with_settings(changed, {"cfg_cgroup": 1, "cfg_pidns": 0})
    assert again == read
    with pytest.raises(KeyError):
        spec.with_settings(read, {"cfg_none": 1})


def test_another_size_for_one_map() -> None:
    read, _ = spec.read(DATA)
    sizes = {each.name: each.entries for each in spec.with_entries(read, "events", 4096).maps}
    assert sizes == {each.name: each.entries for each in read.maps} | {"events": 4096}


def prepare(data: bytes) -> None:
    """All that is done with an object before the kernel is asked."""
    read, types = spec.read(data)
    fitted = core.relocate(spec.with_settings(read, dict.fromkeys(read.settings, 1)), types, types)
    numbers = dict.fromkeys([spec.RODATA, *(each.name for each in read.maps)], 3)
    for program in fitted.programs:
        load.with_maps(program, numbers)


@example(place=30, noise=b"\0" * 17 + b"\x80")
@given(st.one_of(*PLACES), st.binary(min_size=1, max_size=40))
def test_a_damaged_object_ends_in_one_kind_of_error(place: int, noise: bytes) -> None:
    try:
        prepare(DATA[:place] + noise + DATA[place + len(noise) :])
    except ProbeError as error:
        assert error.help  # noqa: PT017 - that it may happen and what it is, not that it must


@pytest.mark.parametrize("data", [b"", DATA[:10], b"\x7fELF\x01\x01" + DATA[6:], DATA[:3000]])
def test_what_is_no_object_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        spec.read(data)
