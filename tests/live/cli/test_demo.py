"""`demo`: its programs are up before the scan and gone after it; what is missing is named."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from sensor.cli import children
from sensor.cli.children import Child, NotStarted
from sensor.cli.demo import start_all
from sensor.cli.programs import PROGRAMS, Program
from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look_until_done
from sensor.resolvers import RESOLVERS
from tests.live.cli.world import ROOT

# What of it this machine has.
FOUND = [program for program in PROGRAMS if shutil.which(program.tool)]


def program(text: str, build: tuple[str, ...] = ()) -> Program:
    """A Python program of the demo."""
    start = (sys.executable, "toy.py")
    return Program("Toy", sys.executable, (("toy.py", text),), start, build)


def test_a_child_is_up_and_ends_with_the_block() -> None:
    with Child(program("import sys; print('up', flush=True); sys.stdin.read()")) as child:
        folder = Path(f"/proc/{child.pid}/cwd").readlink()
        assert folder.is_dir()
        pid = child.pid
    assert not Path(f"/proc/{pid}").exists()
    assert not folder.exists()
    with pytest.raises(NotStarted):
        _ = child.pid


def test_a_child_that_does_not_end_by_itself_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "END_SECONDS", 0.2)
    with Child(program("import time; print('up', flush=True); time.sleep(600)")) as child:
        pid = child.pid
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (Program("Toy", "no-such-tool", (), ("no-such-tool",)), "there is no no-such-tool on PATH"),
        (program("raise SystemExit(3)"), "it ended at once with 3"),
        (program("", build=(sys.executable, "-c", "raise SystemExit('broken')")), "failed: broken"),
    ],
)
def test_what_cannot_be_started_is_told(wrong: Program, said: str) -> None:
    with ExitStack() as stack:
        started, lacking = start_all([wrong], stack)
    assert started == []
    assert said in lacking[0]


def test_a_program_that_is_never_up_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "START_SECONDS", 0.2)
    monkeypatch.setattr(children, "END_SECONDS", 0.2)
    with pytest.raises(NotStarted, match="not up within"):
        Child(program("import time; time.sleep(600)"))


def test_a_build_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "BUILD_SECONDS", 0.2)
    slow = program("", build=(sys.executable, "-c", "import time; time.sleep(600)"))
    with pytest.raises(NotStarted, match="its build took more than"):
        Child(slow)


@pytest.mark.parametrize("wanted", PROGRAMS, ids=lambda wanted: wanted.runtime)
def test_each_program_starts_where_its_tool_is(wanted: Program) -> None:
    if shutil.which(wanted.tool) is None:
        with pytest.raises(NotStarted, match=f"there is no {wanted.tool} on PATH"):
            Child(wanted)
        return
    with Child(wanted) as child:
        assert Path(f"/proc/{child.pid}/exe").readlink().is_absolute()


@pytest.mark.parametrize("wanted", FOUND, ids=lambda wanted: wanted.runtime)
def test_each_program_is_read_completely(wanted: Program) -> None:
    opener = LocalOpener()
    with Child(wanted) as child:
        seen = look_until_done(opener, opener.key(child.pid), RESOLVERS, FileCache())
    coverage = {name: (found.coverage, found.gaps) for name, found in seen.findings.items()}
    coverage.pop("os", None)
    assert coverage
    for found, gaps in coverage.values():
        assert found is not None
        assert found.complete, gaps


def test_dotnet_is_asked_to_run_a_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # No .NET SDK can be had here: a made-up one shows what it would be asked.
    tool = tmp_path / "dotnet"
    tool.write_text('#!/bin/sh\necho "$@"; grep -c printfn "$2"; cat\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (dotnet,) = (wanted for wanted in PROGRAMS if wanted.runtime == ".NET")
    with Child(dotnet) as child:
        assert Path(f"/proc/{child.pid}/cmdline").read_bytes().endswith(b"\0fsi\0demo.fsx\0")


def test_the_demo_of_python_alone_is_a_full_answer(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path), "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, "-m", "sensor.cli", "demo"],
        env={**environment, "LANG": os.environ.get("LANG", "C.UTF-8")},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 0
    for name in ("orjson", "psutil", "urllib3"):
        assert f"\n    {name} " in result.stdout
    assert "Read 1 process in" in result.stdout
    for tool in ("go", "node", "java", "dotnet"):
        assert f"there is no {tool} on PATH" in result.stderr
