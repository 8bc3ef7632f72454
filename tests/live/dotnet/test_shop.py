"""The program of the cluster's .NET image says of itself what the resolver says of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.cluster.dotnet_image import LOADED, PLACES, application
from tests.live.dotnet.targets import finding

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.fixtures import Toolbox

pytestmark = pytest.mark.runtimes


def test_the_shop(toolbox: Toolbox, nuget: Path, tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    for name, place in PLACES.items():
        (packages / place).parent.mkdir(parents=True)
        shutil.copy(nuget / f"{name}.dll", packages / place)
    application(toolbox, tmp_path, str(packages))
    command: list[str | Path] = [
        toolbox.path("dotnet-8.0") / "dotnet",
        tmp_path / "Shop.dll",
        "0",
        LOADED,
    ]
    env = dict(os.environ, DOTNET_EnableDiagnostics="0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as popen:
        try:
            assert popen.stdout
            said = json.loads(popen.stdout.readline())["nuget"]
            found = finding(popen.pid)
        finally:
            popen.kill()
    assert said == {"Microsoft.NETCore.App": "8.0.4", "newtonsoft.json": "10.0.3"}
    assert {(p.name.lower(), p.version) for p in found.packages} == {
        (name.lower(), version) for name, version in said.items()
    }
    assert {p.identity for p in found.packages} == {"framework", "deps.json"}
