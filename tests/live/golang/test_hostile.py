"""Live programs whose files lie: C programs that carry forged Go sections. Bounded, and no fact."""

from __future__ import annotations

import shutil
import struct
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from sensor.formats.elf import Elf
from sensor.formats.source import Bytes
from sensor.host.cache import FileCache
from sensor.model.finding import State
from sensor.resolvers.golang.analysis import Progress, analyse
from sensor.resolvers.golang.files import CACHE
from sensor.resolvers.golang.program import Form
from tests.harness.skips import need
from tests.live.golang.factory import Recipe
from tests.live.golang.targets import finding, modules, running
from tests.live.golang.test_builds import expected
from tests.unit.formats.elf.sources import FileSource
from tests.unit.formats.go.made import MAGICS, build_info, table, varint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sensor.model.finding import Finding

pytestmark = pytest.mark.runtimes

MODULES = b"path\tevil.test/app\nmod\tevil.test/app\tv1.0.0\t\ndep\tevil.test/dep\tv1.0.0\t\n"
INFO = build_info(b"go1.26.8", MODULES)
TABLE = table("1.20", [b"main.main", b"evil.test/dep.F"])
# What one look may take here; each of these takes far less than the budget of one slice.
SECONDS = 10


def forge(program: Path, info: bytes, functions: bytes) -> Path:
    """A copy of cat with these bytes as its Go sections."""
    need(shutil.which("objcopy"), "objcopy", "make toolbox")
    command: list[str | Path] = ["objcopy"]
    for name, data in ((".go.buildinfo", info), (".gopclntab", functions)):
        part = program.with_suffix(name)
        part.write_bytes(data)
        command += ["--add-section", f"{name}={part}", "--set-section-alignment", f"{name}=16"]
    subprocess.run([*command, shutil.which("cat") or "cat", program], check=True)
    program.chmod(0o700)
    return program


def look(program: Path) -> Finding:
    """What is said of the running program, twice; the second time nothing is read again."""
    cache = FileCache()
    with running(program) as pid:
        begin = time.monotonic()
        first, second = finding(pid, cache), finding(pid, cache)
        assert time.monotonic() - begin < SECONDS
    assert first.gaps == second.gaps
    assert cache.statistics[CACHE].puts == 1
    return first


def words(*values: int) -> bytes:
    """A header of layout 1.20 with these numbers, and some room behind it."""
    head = struct.pack("<I", MAGICS["1.20"]) + bytes([0, 0, 1, 8])
    return head + struct.pack(f"<{len(values)}Q", *values) + bytes(256)


@pytest.mark.parametrize(
    ("functions", "why"),
    [
        (words(1 << 60, 1, 0, 72, 200, 200, 200, 200), "functions in the Go function table"),
        (words(9, 1, 0, 72, 1 << 60, 0, 0, 0), "Go function names from"),
        (words(9, 1, 0, 1 << 62, 1 << 63, 0, 0, 0), "Go function names from"),
        (words(9, 1, 0, 200, 100, 0, 0, 0), "Go function names from"),
        (TABLE[:50], "room for its header"),
        (bytes(4096), "no Go function table"),
    ],
    ids=["count", "far", "farther", "backwards", "cut", "zeros"],
)
def test_a_forged_function_table_gives_no_fact(tmp_path: Path, functions: bytes, why: str) -> None:
    found = look(forge(tmp_path / "evil", INFO, functions))
    assert {p.state for p in found.packages} == {State.UNKNOWN}
    (gap,) = [gap for gap in found.gaps if gap.reason == "function table not read"]
    assert why in gap.detail
    assert found.coverage is not None
    assert not found.coverage.complete


@pytest.mark.parametrize(
    ("tail", "why"),
    [
        (varint(1 << 60), "more than 4096"),
        (varint(2) + b"go" + varint(1 << 50), "more than 4194304"),
        (b"\xff" * 40, "without an end"),
    ],
    ids=["version", "modules", "varint"],
)
def test_forged_build_information_gives_no_module(tmp_path: Path, tail: bytes, why: str) -> None:
    info = b"\xff Go buildinf:\x08\x02".ljust(32, b"\0") + tail + bytes(64)
    found = look(forge(tmp_path / "evil", info, TABLE))
    assert found.packages == ()
    (gap,) = [gap for gap in found.gaps if gap.reason == "build information not read"]
    assert why in gap.detail


def test_a_sparse_program_of_ten_gigabytes_is_not_read(tmp_path: Path) -> None:
    """Its sections claim most of the file, and its names 200 MB of zeros."""
    evil = forge(tmp_path / "evil", INFO, words(9, 1, 0, 72, 200 << 20, 0, 0, 0))
    data = bytearray(evil.read_bytes())
    # The size is the fifth field of a section header, at 32 (elf(5)).
    tables = struct.unpack_from("<Q", data, 40)[0]
    names = [section.name for section in Elf(FileSource(evil)).sections]
    struct.pack_into("<Q", data, tables + 64 * names.index(".gopclntab") + 32, 9 << 30)
    evil.write_bytes(bytes(data))
    with evil.open("r+b") as file:
        file.truncate(10 << 30)
    found = look(evil)
    assert {p.state for p in found.packages} == {State.UNKNOWN}
    assert any("too short" in gap.detail for gap in found.gaps)


def test_names_with_terminal_codes_reach_no_fact(tmp_path: Path) -> None:
    text = b"path\tx\nmod\tevil\x1b[31m.test/app\tv1.0.0\ndep\tevil.test/dep\tv1\x1b]0;x\x07\n"
    found = look(forge(tmp_path / "evil", build_info(b"go1.26.8", text), TABLE))
    assert [(p.name, p.version) for p in found.packages] == [("evil.test/dep", None)]
    assert {gap.reason for gap in found.gaps} == {"module path not valid", "version not known"}


def test_a_program_without_the_end_of_its_file_is_read_as_a_whole_one(
    built: Callable[[Recipe], Path], tmp_path: Path
) -> None:
    """Behind the loaded segments there are section headers, symbols and debug information."""
    program = built(Recipe("1.26"))
    loaded = max(s.offset + s.file_size for s in Elf(FileSource(program)).loads)
    cut = tmp_path / "cut"
    cut.write_bytes(program.read_bytes()[:loaded])
    cut.chmod(0o700)
    with running(cut, says="ready") as pid:
        assert modules(finding(pid)) == expected(Recipe("1.26"))


def test_a_file_cut_anywhere_is_no_program_or_has_a_problem(
    built: Callable[[Recipe], Path],
) -> None:
    """Such a file does not run, but a file can be cut while it is read."""
    program = built(Recipe("1.26"))
    data = program.read_bytes()
    loaded = max(s.offset + s.file_size for s in Elf(FileSource(program)).loads)
    whole = analyse(Bytes(data), Progress(), lambda: False)
    assert whole is not None
    for length in range(0, loaded, loaded // 40):
        read = analyse(Bytes(data[:length]), Progress(), lambda: False)
        assert read is not None
        assert read.form is Form.OTHER or read.problems or read.packages == whole.packages
