"""How a scan ends when it cannot do its work: one line, the next step, and a code of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.harness.skips import need
from tests.live.cli.world import ROOT, command, run

if TYPE_CHECKING:
    from tests.live.cli.world import World


def dead_pid() -> int:
    """The pid of a child that has just ended."""
    with subprocess.Popen(["true"]) as child:
        child.wait()
    return child.pid


@pytest.mark.parametrize("form", ["table", "json", "ndjson"])
def test_a_dead_pid_is_one_line_and_3(form: str) -> None:
    pid = dead_pid()
    result = run("scan", "--pid", str(pid), "--format", form)
    first, second = result.stderr.splitlines()
    assert result.returncode == 3
    assert first == f"runtime-sensor: process {pid} is gone"
    assert second.startswith("  help: ")
    assert (result.stdout == "") is (form == "table")


def test_the_others_are_shown_beside_a_dead_one(made: World) -> None:
    with made.child("toy") as child:
        result = run("scan", "--pid", str(dead_pid()), "--pid", str(child.pid))
    assert result.returncode == 3
    assert "toy" in result.stdout
    assert len(result.stderr.splitlines()) == 2


def test_no_such_container_is_5() -> None:
    result = run("scan", "--container", "containerd://" + "0" * 64)
    assert (result.returncode, result.stdout) == (5, "")
    assert result.stderr.startswith("runtime-sensor: no process of a container 000")


@pytest.mark.root
def test_an_ordinary_user_does_not_read_the_process_of_another(made: World) -> None:
    need(os.geteuid() == 0, "becoming another user", "root")
    with made.child("toy") as child:
        result = run("scan", "--pid", str(child.pid), nobody=True)
    first, second = result.stderr.splitlines()
    assert (result.returncode, result.stdout) == (4, "")
    assert first.startswith(f"runtime-sensor: process {child.pid}: ")
    assert second.startswith("  help: Run as root or as the owner of the process")


@pytest.mark.root
def test_an_ordinary_user_sees_in_the_footer_what_would_fix_it(made: World) -> None:
    need(os.geteuid() == 0, "becoming another user", "root")
    with made.child("toy"):
        result = run("scan", nobody=True)
    assert (result.returncode, result.stderr) == (0, "")
    assert "Could not be read: " in result.stdout
    assert "not permitted. Run it as root to read them" in result.stdout


def test_head_ends_it_quietly(made: World) -> None:
    with made.child("toy") as child:
        words = command("scan", "--pid", str(child.pid), "--format", "ndjson")
        read_end, write_end = os.pipe()
        os.close(read_end)
        result = subprocess.run(
            words, cwd=ROOT, stdout=write_end, stderr=subprocess.PIPE, check=False
        )
        os.close(write_end)
    assert (result.returncode, result.stderr) == (141, b"")


@pytest.mark.parametrize("form", ["table", "json", "ndjson"])
def test_a_full_disk_is_one_line_and_7(made: World, form: str) -> None:
    with made.child("toy") as child, Path("/dev/full").open("wb") as full:
        words = command("scan", "--pid", str(child.pid), "--format", form)
        result = subprocess.run(words, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, check=False)
    first, second = result.stderr.decode().splitlines()
    assert result.returncode == 7
    assert first == "runtime-sensor: cannot write the output: No space left on device"
    assert second.startswith("  help: ")


def test_ctrl_c_ends_it_quietly() -> None:
    program = (
        "import os, signal, sensor.scan, sensor.cli\n"
        "sensor.scan.living = lambda: os.kill(os.getpid(), signal.SIGINT)\n"
        "raise SystemExit(sensor.cli.main(['scan']))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=False
    )
    assert (result.returncode, result.stdout, result.stderr) == (130, b"", b"")
