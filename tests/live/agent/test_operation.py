"""What an operator sees of `run`: health, a dry run, and what the agent itself takes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from tests.live.agent.runs import children, running
from tests.live.cli.world import ROOT, command

if TYPE_CHECKING:
    from tests.live.cli.world import World

# Each waits some seconds, and they are many.
pytestmark = pytest.mark.heavy

# DESIGN rule 8: the agent after its imports. 24 MiB were measured, 26 with eBPF.
MOST_KIB = 40 * 1024
# 115 MiB and 2 s of CPU; 27 MiB and 0.4 s; and what a laptop without a cluster does not need.
NEVER = {"kubernetes", "pyroute2", "asyncio", "elftools", "sqlite3", "http.server", "sensor.kube"}
IMPORTS = """\
import json, sys
from sensor.config import Config
from sensor.agent.assemble import Watching
Watching(Config()).loop()
print(json.dumps(sorted(sys.modules)))
"""


def asked(port: int, path: str) -> tuple[int, dict[str, Any]]:
    """The status and the words of an answer; 0 while nobody listens."""
    try:
        answer = urllib3.request("GET", f"http://127.0.0.1:{port}{path}", retries=False)
    except urllib3.exceptions.HTTPError:
        return 0, {}
    return answer.status, answer.json()


def test_health_says_what_works_and_why_not(made: World, tmp_path: Path) -> None:
    words = ("--health", "127.0.0.1:0", "--probes", "scan")
    with (
        made.child("toy") as child,
        running(tmp_path, *words, "--pid", str(child.pid)) as one,
    ):
        port = one.health_port()
        one.until(lambda: asked(port, "/healthz")[0] == 200, "liveness")
        one.until(lambda: asked(port, "/readyz")[0] == 200, "readiness")
        parts = asked(port, "/readyz")[1]["parts"]
        assert parts["probes"] == {**parts["probes"], "ready": True, "reason": "scan"}
        assert parts["sink"]["ready"] is True
        assert set(parts) == {"probes", "sink"}
        assert one.end() == 0
    assert asked(port, "/healthz")[0] == 0


def test_a_dry_run_prints_the_requests_and_sends_none(made: World) -> None:
    words = ["run", "--probes", "scan", "--dry-run", "--sink", "snyk", "--cluster-name", "here"]
    words += ["--group-id", "0f9d2c34-7d6e-4a7b-9f55-0a5b5f2f7f11"]
    with made.child("toy") as child:
        line = command(*words, "--pid", str(child.pid))
        with subprocess.Popen(
            line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as popen:
            try:
                assert popen.stdout is not None
                body = json.loads(popen.stdout.readline())
            finally:
                popen.terminate()
        assert body["target"]["cluster"] == "here"
        assert popen.returncode == 0


def test_the_agent_imports_little() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS], cwd=ROOT, capture_output=True, text=True, check=True
    )
    modules = set(json.loads(done.stdout))
    assert "orjson" in modules
    assert not NEVER & modules


@pytest.mark.parametrize("probe", ["scan", pytest.param("ebpf", marks=pytest.mark.root)])
def test_the_agent_is_small_and_its_worker_ends(made: World, tmp_path: Path, probe: str) -> None:
    with (
        made.child("toy", "other") as child,
        running(tmp_path, "--probes", probe, "--pid", str(child.pid)) as one,
    ):
        one.until(lambda: one.loaded() == {"toy", "other"}, "the facts")
        status = Path(f"/proc/{one.pid}/status").read_text()
        match = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert match is not None
        assert int(match[1]) < MOST_KIB
        assert children(one.pid) == one.workers()
        assert one.end() == 0
