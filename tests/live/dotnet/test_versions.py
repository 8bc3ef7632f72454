"""Every version of the runtime against its own word: late start, each way of loading."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.fetch.dotnet import VERSIONS
from tests.live.dotnet.targets import FRAMEWORK, assemblies, finding, packages, running

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.fixtures import Toolbox

pytestmark = pytest.mark.runtimes

# 2.0 copies assemblies without machine code, and keeps their files open.
COPIES = "2.0"


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_loaded_is_what_the_runtime_says(
    version: str, toolbox: Toolbox, app: Path, nuget: Path, tmp_path: Path
) -> None:
    runtime = toolbox.path(f"dotnet-{version}")
    plugin = tmp_path / "plugin" / "Polly.dll"
    plugin.parent.mkdir()
    shutil.copy(nuget / "Polly.dll", plugin)
    with running([runtime / "dotnet", app], tmp_path) as target:
        target.do("name Newtonsoft.Json", f"file {plugin}")
        target.do(f"bytes {app.with_name('YamlDotNet.dll')}", f"bytes {nuget / 'FlatBuffers.dll'}")
        # Bytes in the program's own hands are not loaded.
        target.do(f"hold {app.with_name('NLog.dll')}")
        truth, seen, found = target.truth(), assemblies(target.pid), finding(target.pid)
    (framework,) = (runtime / FRAMEWORK).iterdir()
    extra = seen.keys() - truth.keys()
    assert truth.keys() <= seen.keys()
    # 2.0 maps a file of its framework and can leave it at that.
    assert not extra or version == COPIES
    assert all((framework / f"{name}.dll").exists() for name in extra)
    assert {name: seen[name].version for name in truth} == truth
    assert packages(found) == {
        "Microsoft.NETCore.App": (framework.name, "loaded", "framework", ()),
        "Newtonsoft.Json": ("10.0.3", "loaded", "deps.json", ()),
        "Polly": ("7.2.1", "loaded", "assembly", ("version",)),
        "YamlDotNet": ("9.1.4", "loaded", "deps.json", ()),
        "FlatBuffers": ("1.0.0", "loaded", "assembly", ("version",)),
    }
    assert found.gaps == ()
    assert found.coverage
    assert found.coverage.complete
    assert found.coverage.how.startswith(f".NET {framework.name}: ")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_library_without_a_loaded_file_is_not_loaded(
    version: str, toolbox: Toolbox, app: Path, tmp_path: Path
) -> None:
    with running([toolbox.path(f"dotnet-{version}") / "dotnet", app], tmp_path) as target:
        found = finding(target.pid)
    assert list(packages(found)) == ["Microsoft.NETCore.App"]
    assert found.gaps == ()
