"""A real single-file program of .NET 10: runtime, 230 assemblies and manifest in one file.

It is somebody else's: a startup hook makes it do what our own program does, so that its runtime
can be asked what is loaded. No other version's single-file program was run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sensor.formats.elf import Elf
from sensor.formats.netbundle import header, read
from sensor.formats.source import Bytes
from tests.live.dotnet.targets import (
    OLDEST,
    assemblies,
    compiled,
    finding,
    packages,
    reasons,
    running,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.harness.fixtures import Toolbox
    from tests.live.dotnet.targets import Target

pytestmark = pytest.mark.runtimes

PROGRAM = "bin/dosai-linux-amd64"


@pytest.fixture
def program(toolbox: Toolbox) -> Path:
    return toolbox.path("dotnet-single-file") / PROGRAM


@pytest.fixture
def target(program: Path, toolbox: Toolbox, tmp_path: Path) -> Iterator[Target]:
    toolbox.path("mono-mcs")
    hook = compiled(toolbox.path(f"dotnet-{OLDEST}"), tmp_path / "Hook.dll", "-target:library")
    hooked = {"DOTNET_STARTUP_HOOKS": str(hook)}
    with running([program, "--help"], tmp_path, hooked) as target:
        yield target


def test_the_loaded_files_of_the_bundle_are_those_of_the_runtime(
    target: Target, nuget: Path
) -> None:
    target.do(f"file {nuget / 'IronSnappy.dll'}", f"bytes {nuget / 'YamlDotNet.dll'}")
    # Two NuGet packages out of the bundle; the others of it stay unloaded.
    target.do("name System.CommandLine", "name Microsoft.CodeAnalysis.CSharp")
    truth, seen, found = target.truth(), assemblies(target.pid), finding(target.pid)
    assert {name: identity.version for name, identity in seen.items()} == truth
    assert packages(found) == {
        "Microsoft.NETCore.App": ("10.0.0", "loaded", "deps.json", ()),
        "System.CommandLine": ("2.0.0-beta4.22272.1", "loaded", "deps.json", ()),
        "Microsoft.CodeAnalysis.CSharp": ("5.0.0-2.final", "loaded", "deps.json", ()),
        "IronSnappy": ("1.2.2", "loaded", "deps.json", ()),
        "YamlDotNet": ("9.1.4", "loaded", "deps.json", ()),
        "Hook": (None, "loaded", "assembly", ()),
    }
    assert reasons(found) == ["version not known"]
    (runtime,) = (p for p in found.packages if p.name == "Microsoft.NETCore.App")
    assert runtime.aliases == ("pkg:nuget/Microsoft.NETCore.App.Runtime.linux-x64@10.0.0",)


def test_every_file_of_the_bundle_that_can_be_loaded_is_seen_when_it_is(
    target: Target, program: Path
) -> None:
    data = Bytes(program.read_bytes())
    place = header(Elf(data))
    assert place
    names = [
        entry.path.removesuffix(".dll")
        for entry in read(data, place).entries
        if entry.kind == 1 and "/" not in entry.path
    ]
    for name in names:
        target.do(f"try {name}")
    truth, seen = target.truth(), assemblies(target.pid)
    assert {name: identity.version for name, identity in seen.items()} == truth
    assert len(truth) > 150
