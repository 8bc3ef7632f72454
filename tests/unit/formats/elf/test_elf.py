"""The ELF reader against pyelftools and readelf, on the files that this Python runs."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from sensor.errors import Malformed
from sensor.formats.elf import Elf
from sensor.formats.elf_layout import ET_DYN
from sensor.formats.source import Bytes
from tests.harness.skips import need
from tests.unit.formats.elf.sources import FileSource, mapped_files

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = mapped_files()
NAMES = [path.name for path in FILES]


@pytest.fixture(params=FILES, ids=NAMES)
def path(request: pytest.FixtureRequest) -> Path:
    assert isinstance(request.param, Path)
    return request.param


@pytest.fixture
def oracle(path: Path) -> Iterator[ELFFile]:
    with path.open("rb") as stream:
        yield ELFFile(stream)


def symbols(oracle: ELFFile) -> dict[bytes, set[tuple[int, int]]]:
    """(value, size) of each definition, by name."""
    found = defaultdict(set)
    for section in oracle.iter_sections():
        if isinstance(section, SymbolTableSection):
            for symbol in section.iter_symbols():
                kind = symbol["st_info"]["type"]
                if symbol["st_shndx"] != "SHN_UNDEF" and kind != "STT_TLS" and symbol.name:
                    place = symbol["st_value"], symbol["st_size"]
                    found[symbol.name.encode("latin-1")].add(place)
    return found


def test_header_segments_and_sections_are_those_of_pyelftools(path: Path, oracle: ELFFile) -> None:
    elf = Elf(FileSource(path))
    assert elf.machine == oracle.header.e_machine or oracle["e_machine"].startswith("EM_")
    assert (elf.type == ET_DYN) is (oracle["e_type"] == "ET_DYN")
    assert [
        (s.offset, s.vaddr, s.file_size, s.memory_size, s.flags, s.align) for s in elf.segments
    ] == [
        (s["p_offset"], s["p_vaddr"], s["p_filesz"], s["p_memsz"], s["p_flags"], s["p_align"])
        for s in oracle.iter_segments()
    ]
    assert [(s.name, s.vaddr, s.offset, s.size, s.link) for s in elf.sections] == [
        (s.name, s["sh_addr"], s["sh_offset"], s["sh_size"], s["sh_link"])
        for s in oracle.iter_sections()
    ]


def test_every_defined_dynamic_symbol_is_found_by_a_few_small_reads(
    path: Path, oracle: ELFFile
) -> None:
    section = oracle.get_section_by_name(".dynsym")
    assert isinstance(section, SymbolTableSection)
    truth = symbols(oracle)
    names = {s.name.encode("latin-1") for s in section.iter_symbols()}
    source = FileSource(path)
    elf = Elf(source)
    assert elf.symbol(b"no_such_symbol_anywhere") is None
    for name in list(names & set(truth))[:500]:
        before = source.bytes
        assert elf.symbol(name) in truth[name]
        assert source.bytes - before < 2000


def test_addresses_lead_to_the_bytes_that_are_loaded_there(path: Path, oracle: ELFFile) -> None:
    elf = Elf(FileSource(path))
    data = path.read_bytes()
    for segment in oracle.iter_segments("PT_LOAD"):
        start, size, offset = segment["p_vaddr"], segment["p_filesz"], segment["p_offset"]
        assert elf.vaddr_to_offset(start) == offset
        assert elf.read_vaddr(start + size - 8, 8) == data[offset + size - 8 : offset + size]
        with pytest.raises(Malformed):
            elf.read_vaddr(start + size - 4, 8)
    starts = [segment["p_vaddr"] for segment in oracle.iter_segments("PT_LOAD")]
    assert elf.lowest_load == min(starts) & ~0xFFF
    assert elf.vaddr_to_offset(1 << 62) is None


def test_the_build_id_is_that_of_readelf(path: Path) -> None:
    need(shutil.which("readelf"), "readelf", "make toolbox")
    printed = subprocess.run(
        ["readelf", "-nW", path], check=True, capture_output=True, text=True
    ).stdout
    match = re.search(r"Build ID: ([0-9a-f]+)", printed)
    assert Elf(FileSource(path)).build_id == (match[1] if match else None)


def test_dynamic_symbols_are_found_without_section_headers(path: Path, oracle: ELFFile) -> None:
    data = path.read_bytes()
    bare = Elf(Bytes(data[:40] + bytes(8) + data[48:60] + bytes(4) + data[64:]))
    whole = Elf(FileSource(path))
    assert bare.sections == ()
    section = oracle.get_section_by_name(".dynsym")
    assert isinstance(section, SymbolTableSection)
    names = {s.name.encode() for s in section.iter_symbols() if s["st_shndx"] != "SHN_UNDEF"}
    for name in sorted(names)[:50]:
        assert bare.symbol(name) == whole.symbol(name)


@pytest.mark.parametrize("style", ["sysv", "gnu"])
def test_both_kinds_of_hash_table_are_read(tmp_path: Path, style: str) -> None:
    need(shutil.which("gcc"), "gcc", "make toolbox")
    functions = "".join(f"int function_{n}(void) {{ return {n}; }}\n" for n in range(100))
    source, library = tmp_path / "many.c", tmp_path / "many.so"
    source.write_text(functions)
    command = ["gcc", "-shared", "-fPIC", f"-Wl,--hash-style={style}", "-s", "-o"]
    subprocess.run([*command, library, source], check=True)
    with library.open("rb") as stream:
        truth = symbols(ELFFile(stream))
    elf = Elf(FileSource(library))
    assert (elf.section(".hash") is None) is (style == "gnu")
    for number in range(100):
        name = f"function_{number}".encode()
        assert elf.symbol(name) in truth[name]
    assert elf.symbol(b"function_100") is None


def test_symbols_that_are_only_in_symtab_are_found(tmp_path: Path) -> None:
    need(shutil.which("gcc"), "gcc", "make toolbox")
    functions = "".join(f"static int inner_{n}(void) {{ return {n}; }}\n" for n in range(200))
    table = ", ".join(f"inner_{n}" for n in range(200))
    source, program = tmp_path / "many.c", tmp_path / "many"
    source.write_text(f"{functions}int (*all[])(void) = {{ {table} }};\nint main(void) {{}}\n")
    subprocess.run(["gcc", "-o", program, source], check=True)
    with program.open("rb") as stream:
        truth = symbols(ELFFile(stream))
    elf = Elf(FileSource(program))
    for number in range(200):
        name = f"inner_{number}".encode()
        assert {elf.symbol(name)} == truth[name]
    # The end of a name is another name.
    assert elf.symbol(b"nner_1") is None


@pytest.mark.parametrize(
    "data", [b"", b"\x7fELF", b"#!/bin/sh\n" * 20, b"\x7fELF\x03\x01" + bytes(60)]
)
def test_what_is_no_elf_file_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed, match=r"ELF|no "):
        Elf(Bytes(data))
