"""`scan --container` of real containers: chosen by a prefix of the id, named in every format."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.harness.skips import need
from tests.live.cli.world import run
from tests.live.containers.lab import Lab

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.container, pytest.mark.root]

BUSYBOX = Path("/bin/busybox")
WAIT = ["/bin/busybox", "sh", "-c", "echo ready; exec /bin/busybox sleep 600"]
# Unlike the ids of any real container: digests do not repeat.
# Other containers of the machine do not begin so.
BOTH = "c0ffee"
ONE, TWO = BOTH + "1" * 58, BOTH + "2" * 58


@pytest.fixture(name="pids")
def two_containers(tmp_path: Path) -> Iterator[dict[str, int]]:
    """Two containers of docker's form, by id."""
    need(os.geteuid() == 0, "containers need root", "root")
    need(shutil.which("runc") and BUSYBOX.exists(), "no runc or busybox", "make toolbox")
    root = tmp_path / "root"
    for folder in ("bin", "proc", "dev", "sys"):
        (root / folder).mkdir(parents=True)
    shutil.copy(BUSYBOX, root / "bin")
    with Lab(tmp_path) as lab:
        yield {name: lab.start(name[:7], root, WAIT, f"/docker/{name}") for name in (ONE, TWO)}


def test_only_the_processes_of_that_container(pids: dict[str, int]) -> None:
    result = run("scan", "--container", ONE[:9])
    assert (result.returncode, result.stderr) == (0, "")
    assert f"container {ONE[:12]} (docker)\n" in result.stdout
    assert f"/bin/busybox  pid {pids[ONE]}\n" in result.stdout
    assert "Read 1 process " in result.stdout
    both = run("scan", "--container", ONE, "--container", f"docker://{TWO}", "--format", "ndjson")
    summary = json.loads(both.stdout.splitlines()[-1])
    assert (summary["processes"]["read"], summary["containers"]) == (2, 2)


def test_a_prefix_of_several_is_2_and_of_none_5(pids: dict[str, int]) -> None:
    several = run("scan", "--container", BOTH)
    assert several.returncode == 2
    assert f"{len(pids)} containers begin with {BOTH}: {ONE}, {TWO}" in several.stderr
    assert run("scan", "--container", BOTH + "3").returncode == 5
