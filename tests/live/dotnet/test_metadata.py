"""Our reader of assemblies against dnfile, on real files of several compilers and versions."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sensor.formats import clrmetadata, peversion
from sensor.formats.pe import Pe
from sensor.formats.source import Bytes
from tests.live.dotnet.targets import FRAMEWORK

if TYPE_CHECKING:
    from tests.harness.fixtures import Toolbox

pytestmark = pytest.mark.runtimes

ORACLE = Path(__file__).with_name("programs") / "dnfile_says.py"
# dnfile reads all of a file: beyond this size that takes a second.
MAX_SIZE = 250_000


def ours(path: Path) -> list[object]:
    pe = Pe(Bytes(path.read_bytes()))
    found = clrmetadata.assembly(pe)
    assert found
    return [*found, *peversion.version(pe), pe.ready_to_run]


def _small(folder: Path, pattern: str) -> list[Path]:
    return sorted(path for path in folder.glob(pattern) if path.stat().st_size < MAX_SIZE)


def test_real_files(toolbox: Toolbox, program: Path, nuget: Path) -> None:
    """Microsoft's C# compiler and Mono's, machine code, precompiled frameworks, facades."""
    paths = [program, *_small(nuget, "*.dll")]
    for version in ("2.0", "3.1", "8.0"):
        (framework,) = (toolbox.path(f"dotnet-{version}") / FRAMEWORK).iterdir()
        paths += _small(framework, "S*.dll")[::14]
    python = toolbox.path("dnfile") / "bin/python"
    done = subprocess.run([python, ORACLE, *paths], check=True, capture_output=True, text=True)
    theirs = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(theirs) == len(paths) > 30
    assert [ours(path) for path in paths] == theirs
    assert {row[-1] for row in theirs} == {True, False}
