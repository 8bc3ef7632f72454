"""Go programs for other machines: 32 bits, and the other byte order. Read from their files."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from elftools.elf.elffile import ELFFile

from sensor.formats.elf import Elf
from sensor.resolvers.golang.analysis import Progress, analyse
from sensor.resolvers.golang.statement import state
from tests.live.golang.factory import Factory, Recipe, run_go
from tests.live.golang.test_builds import MAIN, expected
from tests.unit.formats.elf.sources import FileSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.harness.fixtures import Toolbox

pytestmark = [pytest.mark.runtimes, pytest.mark.heavy]

# Both layouts of build information, in three of the four kinds of ELF file; the fourth is ours.
MACHINES = [("1.26", "386"), ("1.26", "mips"), ("1.26", "s390x"), ("1.16", "mips")]


@pytest.mark.parametrize(("version", "machine"), MACHINES)
def test_a_program_for_another_machine_says_the_same(
    built: Callable[[Recipe], Path], toolbox: Toolbox, factory: Factory, version: str, machine: str
) -> None:
    recipe = Recipe(version, machine=machine)
    program = built(recipe)
    read = analyse(FileSource(program), Progress(), lambda: False)
    assert read is not None
    assert read.problems == ()
    said = {
        line.name: (line.version, line.state, tuple(line.subpaths), tuple(line.aliases))
        for line in state(read).lines
        if line.name != "stdlib"
    }
    assert said == expected(recipe)
    command = [factory.oracle(toolbox.path("go-1.27")), program]
    truth = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert set(read.packages) - {"_"} == set(truth)
    assert MAIN not in truth


@pytest.mark.parametrize(("version", "machine"), MACHINES[:3])
def test_the_elf_reader_agrees_with_the_oracles(
    built: Callable[[Recipe], Path], toolbox: Toolbox, version: str, machine: str
) -> None:
    program = built(Recipe(version, machine=machine))
    elf = Elf(FileSource(program))
    with program.open("rb") as stream:
        oracle = ELFFile(stream)
        assert [(s.vaddr, s.offset, s.file_size, s.flags) for s in elf.segments] == [
            (s["p_vaddr"], s["p_offset"], s["p_filesz"], s["p_flags"])
            for s in oracle.iter_segments()
        ]
        assert [(s.name, s.vaddr, s.size) for s in elf.sections] == [
            (s.name, s["sh_addr"], s["sh_size"]) for s in oracle.iter_sections()
        ]
    printed = run_go(toolbox.path("go-1.27"), "tool", "nm", program).splitlines()
    (main,) = [line.split()[0] for line in printed if line.endswith(" main.main")]
    symbol = elf.symbol(b"main.main")
    assert symbol is not None
    assert symbol.value == int(main, 16)
