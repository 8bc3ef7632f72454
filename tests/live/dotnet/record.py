"""Records the fixtures of `tests/fixtures/dotnet`: one program on each runtime, and a bundle.

`python -m tests.live.dotnet.record FOLDER` writes FOLDER/dotnet-VERSION for each of VERSIONS, and
FOLDER/single-file-10.0.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from sensor import fixture
from sensor.host.local import LocalOpener
from sensor.resolvers.dotnet import DOTNET
from tests.fetch.component import Store, default_root
from tests.fetch.dotnet import VERSIONS
from tests.live.dotnet.targets import OLDEST, compiled, deps, running, write_config

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# The paths are in the fixture: such that say nothing about the machine that recorded it.
FOLDER = Path("/tmp/dotnet-fixture")  # noqa: S108 - removed at the end
EXPECTED = "expected.json"
LISTED = ("Newtonsoft.Json", "YamlDotNet", "NLog")


def main(folder: Path) -> None:
    """Start, record and end a program on each runtime."""
    FOLDER.mkdir()
    try:
        with tempfile.TemporaryDirectory() as work:
            for version in VERSIONS:
                _runtime(version, folder / f"dotnet-{version}", Path(work))
            _single_file(folder / "single-file-10.0", Path(work))
    finally:
        shutil.rmtree(FOLDER)


def _component(name: str) -> Path:
    return Store(default_root()).root / name


def _runtime(version: str, folder: Path, work: Path) -> None:
    shutil.rmtree(FOLDER)
    shutil.copytree(_component(f"dotnet-{version}"), FOLDER / "dotnet")
    nuget, app = _component("dotnet-nuget"), FOLDER / "app"
    app.mkdir()
    for name in LISTED:
        shutil.copy(nuget / f"{name}.dll", app)
    compiled(_component(f"dotnet-{OLDEST}"), app / "App.dll")
    write_config(app)
    (app / "App.deps.json").write_text(json.dumps(deps(nuget, *LISTED)))
    plugin = FOLDER / "plugin" / "Polly.dll"
    plugin.parent.mkdir()
    shutil.copy(nuget / "Polly.dll", plugin)
    orders = ("name Newtonsoft.Json", f"file {plugin}", f"bytes {app / 'YamlDotNet.dll'}")
    _record([FOLDER / "dotnet/dotnet", app / "App.dll"], orders, folder, work)


def _single_file(folder: Path, work: Path) -> None:
    shutil.rmtree(FOLDER)
    FOLDER.mkdir()
    program = FOLDER / "program"
    shutil.copy(next((_component("dotnet-single-file") / "bin").iterdir()), program)
    hook = compiled(_component(f"dotnet-{OLDEST}"), FOLDER / "Hook.dll", "-target:library")
    yaml = shutil.copy(_component("dotnet-nuget") / "YamlDotNet.dll", FOLDER)
    orders = ("name System.CommandLine", f"bytes {yaml}")
    hooked = {"DOTNET_STARTUP_HOOKS": str(hook)}
    _record([program, "--help"], orders, folder, work, hooked)


def _record(
    command: Iterable[str | Path],
    orders: Iterable[str],
    folder: Path,
    work: Path,
    environment: Mapping[str, str] | None = None,
) -> None:
    opener = LocalOpener()
    with running(command, work, environment) as target:
        target.do(*orders)
        looked = fixture.record(opener, opener.key(target.pid), (DOTNET,), folder)
    packages = looked.findings["dotnet"].packages
    rows = [[p.purl, p.state, p.depth, p.identity, p.inferred, p.aliases] for p in packages]
    (folder / EXPECTED).write_bytes(orjson.dumps(rows, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
