"""Rule 3 on this kernel: with the right to use map_files, and with the sensor's capabilities."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sensor.errors import FileRefused
from sensor.host import files
from sensor.host.local import LocalOpener
from tests.harness.skips import need
from tests.live.host.rule3 import check
from tests.live.host.sleeper import PROGRAM, in_chroot, on_overlay, opened_when
from tests.support.child import started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.host.seam import Process

CHECKOUT = Path(__file__).parents[3]
# What the sensor has of the six capabilities to read processes with; the rest are for eBPF.
CAPABILITIES = "-all,+sys_ptrace,+dac_read_search"


@pytest.fixture
def as_root() -> None:
    """Skip without root."""
    need(os.geteuid() == 0, "mounts and changes roots", "root")


@pytest.fixture
def no_map_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let only the path through the root remain."""
    monkeypatch.setattr(files, "places", lambda *_: iter(()))


@pytest.mark.root
@pytest.mark.usefixtures("as_root")
def test_overlayfs(tmp_path: Path) -> None:
    with on_overlay(tmp_path) as popen, opened_when(popen.pid, PROGRAM) as process:
        seen = check(process)
    assert seen["recognised"] >= 3
    assert seen["had"] == seen["recognised"]


@pytest.mark.root
@pytest.mark.usefixtures("as_root")
def test_overlayfs_with_the_capabilities_of_the_sensor(tmp_path: Path) -> None:
    need(shutil.which("setpriv"), "drops capabilities", "apt-get install util-linux")
    with on_overlay(tmp_path) as popen:
        code = (
            "import json, tests.live.host.rule3 as rule3, tests.live.host.sleeper as sleeper\n"
            f"with sleeper.opened_when({popen.pid}, sleeper.PROGRAM) as process:\n"
            "    rule3.replace = lambda process, path: print(path, flush=True) or input()\n"
            "    print(json.dumps(rule3.check(process)))\n"
        )
        limited = ["setpriv", "--bounding-set", CAPABILITIES, sys.executable, "-c", code]
        with subprocess.Popen(
            limited, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as run:
            assert run.stdin is not None
            assert run.stdout is not None
            for line in run.stdout:
                if line.startswith("{"):
                    assert json.loads(line)["had"] == 1, "only the program, by /proc/PID/exe"
                    break
                _replace(popen.pid, line.rstrip("\n"))
                run.stdin.write("\n")
                run.stdin.flush()
            else:
                pytest.fail("no answer")


def _replace(pid: int, path: str) -> None:
    target = Path(f"/proc/{pid}/root{path}")
    target.with_name("other").write_bytes(b"evil twin")
    target.with_name("other").rename(target)


@pytest.mark.root
@pytest.mark.usefixtures("as_root")
def test_paths_of_a_chroot_are_as_the_process_sees_them(tmp_path: Path) -> None:
    with in_chroot(tmp_path) as popen, opened_when(popen.pid, PROGRAM) as process:
        assert process.exe == PROGRAM
        assert not [m for m in process.maps() if str(tmp_path) in m.path]
        assert process.files.list_dir("/")[1] == sorted(
            p.name for p in (tmp_path / "root").iterdir()
        )
        for mapping in process.maps():
            if mapping.inode:
                process.files.open_mapped(mapping).close()


@pytest.fixture
def swapped(tmp_path: Path) -> Iterator[Process]:
    """Return a process that was opened before the path of a file it has mapped got another file."""
    (tmp_path / "mapped").write_text("the one")
    with started(str(tmp_path / "mapped")) as child:
        opener = LocalOpener()
        with opener.open_process(opener.key(child.pid)) as process:
            (tmp_path / "mapped").rename(tmp_path / "elsewhere")
            (tmp_path / "mapped").write_text("another")
            yield process


@pytest.mark.usefixtures("no_map_files")
def test_a_path_swapped_after_the_look_at_maps_is_refused(swapped: Process, tmp_path: Path) -> None:
    mapping = next(m for m in swapped.maps() if m.path == str(tmp_path / "mapped"))
    assert not mapping.deleted
    with pytest.raises(FileRefused, match="not the mapped file"):
        swapped.files.open_mapped(mapping)


@pytest.mark.root
@pytest.mark.usefixtures("as_root")
def test_with_map_files_a_swapped_path_does_not_matter(swapped: Process, tmp_path: Path) -> None:
    mapping = next(m for m in swapped.maps() if m.path == str(tmp_path / "mapped"))
    with swapped.files.open_mapped(mapping) as file:
        assert file.read([(0, 7)]) == [b"the one"]
