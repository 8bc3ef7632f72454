"""A live process that lies about being .NET: bounded, nothing hangs, no package is invented."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look, look_until_done
from sensor.resolvers.dotnet import DOTNET
from tests.live.dotnet.targets import finding, packages, reasons, running
from tests.unit.formats.dotnet import made

if TYPE_CHECKING:
    from tests.harness.fixtures import Toolbox

pytestmark = pytest.mark.runtimes

LIES = Path(__file__).with_name("programs") / "lies.py"
DAMAGED = 400


def folder_of_lies(folder: Path) -> None:
    """A runtime, hundreds of damaged assemblies, and manifests that no reader should wait for."""
    folder.mkdir()
    (folder / "libcoreclr.so").write_bytes(b"\x7fELF")
    whole = made.assembly("Some.Name", file=(1, 2, 3, 4), product="1.2.3", rows={0: 1, 1: 50})
    chosen = random.Random(7)  # noqa: S311 - the same lies each time
    for number in range(DAMAGED):
        data = bytearray(whole)
        for _ in range(chosen.randrange(1, 30)):
            # Not the name: what survives the damage must be the package that it was.
            data[chosen.randrange(0x300)] = chosen.randrange(256)
        (folder / f"{number}.dll").write_bytes(data[: chosen.randrange(1, len(data))])
    os.mkfifo(folder / "fifo.deps.json")
    (folder / "folder.deps.json").mkdir()
    (folder / "outside.deps.json").symlink_to("/proc/self/maps")
    (folder / "deep.deps.json").write_text("[" * 200_000)


def test_lies(toolbox: Toolbox, tmp_path: Path) -> None:
    folder_of_lies(tmp_path / "lies")
    python = toolbox.python("3.11").argv
    opener, cache = LocalOpener(), FileCache()
    with running([*python, LIES, tmp_path / "lies"], tmp_path) as target:
        key = opener.key(target.pid)
        begin = time.process_time()
        looked = look_until_done(opener, key, (DOTNET,), cache)
        took = time.process_time() - begin
        again = look(opener, key, (DOTNET,), cache, looked.memos)
    found = looked.findings["dotnet"]
    assert took < 10
    assert packages(found).keys() <= {"Some.Name"}
    assert set(reasons(found)) >= {"deps.json not readable", "assembly not readable"}
    assert found.coverage
    assert not found.coverage.complete
    assert again.findings["dotnet"].gaps == found.gaps


def test_a_process_of_another_language_is_not_dotnet(toolbox: Toolbox, tmp_path: Path) -> None:
    code = "print('ready', flush=True); input()"
    with running([*toolbox.python("3.11").argv, "-c", code], tmp_path) as target:
        opener = LocalOpener()
        looked = look_until_done(opener, opener.key(target.pid), (DOTNET,), FileCache())
    assert looked.findings == {}


def test_a_process_that_ends_is_gone(toolbox: Toolbox, app: Path, tmp_path: Path) -> None:
    """Between any two reads of a look the process may end."""
    with running([toolbox.path("dotnet-8.0") / "dotnet", app], tmp_path) as target:
        opener = LocalOpener()
        key = opener.key(target.pid)
        assert finding(target.pid).coverage
        target.popen.kill()
        target.popen.wait()
        assert look_until_done(opener, key, (DOTNET,), FileCache()).gone
