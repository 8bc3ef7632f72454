"""A FUSE mount whose daemon never answers: who asks it for a name waits for ever. We do not.

The mount is made in a mount namespace of the child. When the child ends, the kernel aborts it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sensor.errors import FileRefused
from sensor.host.local import LocalOpener
from tests.harness.skips import need

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.host.seam import Process

PROGRAM = Path(__file__).with_name("programs") / "hanging_mount.py"


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    """Return a process with a dead mount at `tmp_path`/dead, and a link to a file in it."""
    need(os.geteuid() == 0 and Path("/dev/fuse").exists(), "mounts FUSE", "root, modprobe fuse")
    (tmp_path / "dead").mkdir()
    (tmp_path / "link").symlink_to("dead/METADATA")
    command = ["unshare", "--mount", "--propagation", "private", sys.executable, str(PROGRAM)]
    with subprocess.Popen(
        [*command, str(tmp_path / "dead")], stdout=subprocess.PIPE, text=True
    ) as popen:
        try:
            assert popen.stdout is not None
            answer = popen.stdout.readline()
            need(answer == "mounted\n", f"mount of FUSE: {answer}", "a kernel with FUSE")
            opener = LocalOpener()
            with opener.open_process(opener.key(popen.pid)) as opened:
                yield opened
        finally:
            popen.kill()


@pytest.mark.root
@pytest.mark.parametrize("name", ["dead/METADATA", "dead/sub/dir/file", "link", "dead/../dead/x"])
def test_no_name_is_asked_for(process: Process, tmp_path: Path, name: str) -> None:
    with pytest.raises(FileRefused, match="blocking file system"):
        process.files.open(f"{tmp_path}/{name}")
    assert process.files.stat_many([f"{tmp_path}/{name}"]) == [None]
    with pytest.raises(FileRefused, match="blocking file system"):
        process.files.list_dir(f"{tmp_path}/{name}")
    with pytest.raises(FileRefused, match="blocking file system"):
        process.files.read_link(f"{tmp_path}/{name}/x")


@pytest.mark.root
def test_what_stands_beside_it_is_read(process: Process, tmp_path: Path) -> None:
    (tmp_path / "alive").write_text("alive")
    with process.files.open(f"{tmp_path}/alive") as file:
        assert file.read([(0, 5)]) == [b"alive"]
    assert process.files.read_link(f"{tmp_path}/link") == "dead/METADATA"
