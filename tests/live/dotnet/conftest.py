"""The compiled program, and an application folder made of it and of real NuGet files."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.live.dotnet.targets import OLDEST, compiled, deps, write_config

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.fixtures import Toolbox

# In the folder and in the manifest of the application, whether it loads them or not.
LISTED = ("Newtonsoft.Json", "YamlDotNet", "NLog", "IronSnappy")


@pytest.fixture(scope="session")
def program(toolbox: Toolbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """App.dll."""
    toolbox.path("mono-mcs")
    return compiled(toolbox.path(f"dotnet-{OLDEST}"), tmp_path_factory.mktemp("dotnet") / "App.dll")


@pytest.fixture
def nuget(toolbox: Toolbox) -> Path:
    """The folder with real files of NuGet packages."""
    return toolbox.path("dotnet-nuget")


@pytest.fixture
def app(program: Path, nuget: Path, tmp_path: Path) -> Path:
    """A published application in a folder of its own: App.dll, its settings, its packages."""
    folder = tmp_path / "app"
    folder.mkdir()
    for path in (program, *(nuget / f"{name}.dll" for name in LISTED)):
        shutil.copy(path, folder)
    write_config(folder)
    (folder / "App.deps.json").write_text(json.dumps(deps(nuget, *LISTED)))
    return folder / "App.dll"
