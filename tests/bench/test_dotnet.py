"""What the .NET resolver costs: medians beside their goals; asserted is what repeats itself."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look, look_until_done
from sensor.model.budget import Budget
from sensor.resolvers.dotnet import DOTNET
from tests.fetch.dotnet import NUGET_FILES
from tests.live.dotnet.targets import OLDEST, compiled, deps, running, write_config
from tests.support.measure import median

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.harness.fixtures import Toolbox
    from tests.live.dotnet.targets import Target

pytestmark = [pytest.mark.bench, pytest.mark.runtimes]

PACKAGES = tuple(name.removesuffix(".dll") for name in NUGET_FILES if name.endswith(".dll"))
# A project's file, and packages by other names.
OTHERS = {"FlatBuffers", "System.Text.Json", "CommandLineArgumentsParser", "System.Interactive"}
# Nothing, when no mapping has changed. A runtime changes some of its own now and then: then the
# program is opened, and nothing is read.
UNCHANGED = (0, 20)


@pytest.fixture
def target(toolbox: Toolbox, tmp_path: Path) -> Iterator[Target]:
    """An application on .NET 8 with eight packages of NuGet, all loaded."""
    toolbox.path("mono-mcs")
    nuget = toolbox.path("dotnet-nuget")
    names = [name for name in PACKAGES if name not in OTHERS]
    for name in names:
        shutil.copy(nuget / f"{name}.dll", tmp_path)
    app = compiled(toolbox.path(f"dotnet-{OLDEST}"), tmp_path / "App.dll")
    write_config(tmp_path)
    (tmp_path / "App.deps.json").write_text(json.dumps(deps(nuget, *names)))
    with running([toolbox.path("dotnet-8.0") / "dotnet", app], tmp_path) as target:
        target.do(*(f"name {name}" for name in names), "list")
        yield target


@pytest.fixture
def bundle(toolbox: Toolbox, tmp_path: Path) -> Iterator[Target]:
    """The single-file program of 100 MB, with its 170 assemblies loaded."""
    toolbox.path("mono-mcs")
    hook = compiled(toolbox.path(f"dotnet-{OLDEST}"), tmp_path / "Hook.dll", "-target:library")
    program = toolbox.path("dotnet-single-file") / "bin/dosai-linux-amd64"
    framework = next((toolbox.path("dotnet-8.0") / "shared/Microsoft.NETCore.App").iterdir())
    with running([program, "--help"], tmp_path, {"DOTNET_STARTUP_HOOKS": str(hook)}) as target:
        target.do(*(f"try {path.stem}" for path in framework.glob("System*.dll")))
        yield target


def costs(pid: int) -> list[tuple[int, int]]:
    """(bytes, calls) of the first look, of one at an unchanged process, and of a second process."""
    opener, cache = LocalOpener(), FileCache()
    found = []
    memo = None
    for again in (None, True, None):
        with opener.open_process(opener.key(pid)) as process:
            before = process.meter.bytes, process.meter.calls
            budget = Budget(process.meter, seconds=60)
            memo = DOTNET.resolve(process, budget, cache, memo if again else None).memo
            found.append((process.meter.bytes - before[0], process.meter.calls - before[1]))
    return found


def times(what: str, pid: int) -> None:
    opener, warm = LocalOpener(), FileCache()
    key = opener.key(pid)
    first = look_until_done(opener, key, (DOTNET,), warm)
    median(f"{what}, first look", 100, lambda: look_until_done(opener, key, (DOTNET,), FileCache()))
    median(f"{what}, second process", 50, lambda: look(opener, key, (DOTNET,), warm))
    memos = look(opener, key, (DOTNET,), warm, first.memos).memos
    median(f"{what}, looked at again", 1, lambda: look(opener, key, (DOTNET,), warm, memos))


def test_times(target: Target) -> None:
    times(".NET 8 with eight packages", target.pid)


def test_times_of_a_bundle(bundle: Target) -> None:
    times(".NET 10 in one file", bundle.pid)


def test_what_is_read(target: Target) -> None:
    first, again, second = costs(target.pid)
    # Two manifests, the heads of nine assemblies and a runtime of 15 MB that is not read.
    assert first[0] < 400_000
    assert first[1] < 600
    assert again <= UNCHANGED
    assert second[0] < first[0] // 4


def test_what_is_read_of_a_bundle(bundle: Target) -> None:
    first, again, _ = costs(bundle.pid)
    # Of 100 MB: the program's data, the list, the manifest, and the heads of 150 assemblies.
    assert first[0] < 4_000_000
    assert first[1] < 5_000
    assert again <= UNCHANGED
