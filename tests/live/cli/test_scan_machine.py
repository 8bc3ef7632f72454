"""`scan` of a whole machine: a pid namespace in which only what the test started exists."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.harness.skips import need
from tests.live.cli.world import ROOT
from tests.support import schema

if TYPE_CHECKING:
    from tests.live.cli.world import World

# Pid 1 of the namespace: starts the children, scans them, and ends them.
INIT = """\
import subprocess, sys
site, child, *options = sys.argv[1:]
words = [[sys.executable, "-S", child, site, "0", names, forks]
         for names, forks in (("toy", "2"), ("toy,other", "0"))]
children = [subprocess.Popen(w, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for w in words]
children[0].stdout.read(9), children[1].stdout.readline()
children.append(subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE))
code = subprocess.run([sys.executable, "-m", "sensor.cli", "scan", *options]).returncode
for child in children:
    child.stdin.close()
    child.wait()
sys.exit(code)
"""
pytestmark = pytest.mark.root
DEBIAN = Path("/var/lib/dpkg/status").exists()


def scan(made: World, *options: str) -> str:
    """What a scan prints in a machine of: pid 1, four Python children, one cat."""
    need(os.geteuid() == 0 and shutil.which("unshare"), "a pid namespace", "root and util-linux")
    unshare = ["unshare", "--fork", "--pid", "--mount-proc", "--kill-child"]
    result = subprocess.run(
        [*unshare, sys.executable, "-c", INIT, str(made.site), str(made.script), *options],
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": ""},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def test_every_process_is_read_and_ourselves_left_out(made: World) -> None:
    lines: list[dict[str, Any]] = list(
        map(json.loads, scan(made, "--format", "ndjson").splitlines())
    )
    for line in lines:
        schema.check(line)
    summary = lines[-1]
    assert summary["processes"] == {"read": 6, "ended": 0, "not_permitted": 0, "failed": 0}
    assert summary["runtimes"] == {"python": 5} | ({"os": 6} if DEBIAN else {})
    assert summary["without_runtime"] == 1
    toys = [line["pid"] for line in lines if line.get("purl") == "pkg:pypi/toy@1.2"]
    others = [line["pid"] for line in lines if line.get("purl") == "pkg:pypi/other@3.4"]
    assert (len(set(toys)), len(set(others))) == (4, 1)


def test_workers_are_one_group_and_what_has_no_runtime_is_counted(made: World) -> None:
    text = scan(made)
    assert text.count("(3 processes)") == 1
    assert "Read 6 processes" in text
    assert "python 5, no runtime that is known here 1." in text
    assert "/cat" not in text
    assert text.count(" OS packages loaded: ") == DEBIAN


def test_explain_names_only_processes_that_could_hold_it(made: World) -> None:
    text = scan(made, "--explain", "pkg:pypi/other")
    assert text.count("loaded: pkg:pypi/other@3.4") == 1
    assert text.count("not observed: pkg:pypi/other") == 2
    assert "/cat" not in text
