"""A space ends with the test run that made it, even when that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster.guardian import END_SECONDS, pids_in
from tests.cluster.waiting import until
from tests.harness.skips import need
from tests.live.containers.lab import hierarchies

pytestmark = [pytest.mark.root, pytest.mark.container]

# Makes a space with two programs in it, one below the pods' cgroup, tells of them and waits.
RUN = """
import subprocess, sys
from pathlib import Path
from tests.cluster.space import Space
folder, name = Path(sys.argv[1]), sys.argv[2]
with Space(folder, name, f"/{name}-pods") as space:
    sleep = ["sleep", "1000"]
    with subprocess.Popen(space.program(sleep)), subprocess.Popen(space.inside(sleep)) as pod:
        (space.cgroups()[-1] / "cgroup.procs").write_text(str(pod.pid))
        print("ready", flush=True)
        sys.stdin.read()
"""


def test_what_a_killed_run_started_is_ended(tmp_path: Path) -> None:
    need(os.geteuid() == 0, "namespaces and cgroups", "root")
    name = f"runtime-sensor-test-{os.getpid()}-space"
    folder = tmp_path / "space"
    folder.mkdir()
    tops = [root / each for root in hierarchies() for each in (name, f"{name}-pods")]
    command = [sys.executable, "-c", RUN, str(folder), name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"ready\n"
        until(lambda: len(pids_in(tops)) == 3, "the holder and two programs run", END_SECONDS)
        pids = pids_in(tops)
        run.send_signal(signal.SIGKILL)
    until(lambda: not folder.exists(), "the folder is gone, which is last", END_SECONDS)
    assert pids_in(tops) == set()
    assert [top for top in tops if top.exists()] == []
    assert [pid for pid in pids if Path(f"/proc/{pid}/exe").exists()] == []
