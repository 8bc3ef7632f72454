"""`run` on commands and processes of the test's own: what is seen, when, and how it ends."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.harness.skips import need
from tests.live.agent.runs import command_line, running
from tests.live.cli.world import NOBODY, ROOT, command, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.live.agent.runs import Line, Run
    from tests.live.cli.world import World

# Each waits some seconds, and they are many.
pytestmark = pytest.mark.heavy

# Programs that can wait until the test makes a file, by its name.
TOLD = """\
import os, subprocess, sys, time
def told(word):
    while not os.path.exists(os.path.join(sys.argv[2], word)):
        time.sleep(0.02)
sys.path.insert(0, sys.argv[1])
"""
# Imports toy, other when the test says so, and ends with 7 when it says so.
LATE = f"""\
{TOLD}
import toy
told("more")
import other
told("end")
sys.exit(7)
"""
# Forks without exec, execs another interpreter, and waits for both.
FAMILY = f"""\
{TOLD}
if os.fork() == 0:
    import toy
    told("end")
    os._exit(0)
subprocess.run([sys.executable, "-S", "-c", sys.argv[3], *sys.argv[1:]])
os.wait()
"""
OTHER = f"""\
{TOLD}
import other
told("end")
"""
PROBES = ["scan", pytest.param("ebpf", marks=pytest.mark.root)]


def python(made: World, program: str, *words: str) -> list[str]:
    return [sys.executable, "-S", "-c", program, str(made.site), *words]


def need_probe(probe: str) -> None:
    need(probe == "scan" or os.geteuid() == 0, "eBPF", "root")


@pytest.mark.parametrize("probe", PROBES)
def test_a_command_is_watched_until_it_ends(made: World, tmp_path: Path, probe: str) -> None:
    need_probe(probe)
    with running(tmp_path, "--probes", probe, "--", *python(made, LATE, str(tmp_path))) as one:
        one.until(lambda: "toy" in one.loaded(), "the first import")
        assert "other" not in one.loaded()
        (tmp_path / "more").touch()
        one.until(lambda: "other" in one.loaded(), "the late import")
        assert one.popen.poll() is None
        (tmp_path / "end").touch()
        assert one.popen.wait(60) == 7
        assert one.loaded() == {"toy", "other"}
        assert one.says("new processes are noticed")[0]["probe"] == probe
        assert not one.workers()


@pytest.mark.parametrize("probe", PROBES)
def test_descendants_are_seen_that_fork_and_that_exec(
    made: World, tmp_path: Path, probe: str
) -> None:
    need_probe(probe)
    words = python(made, FAMILY, str(tmp_path), OTHER)
    with running(tmp_path, "--probes", probe, "--", *words) as one:
        one.until(lambda: one.loaded() >= {"toy", "other"}, "both children")
        (tmp_path / "end").touch()
        assert one.popen.wait(60) == 0


@pytest.mark.parametrize("probe", PROBES)
def test_a_process_that_already_runs_and_nobody_else(
    made: World, tmp_path: Path, probe: str
) -> None:
    need_probe(probe)
    with made.child("toy") as child, made.child("other"):
        with running(tmp_path, "--probes", probe, "--pid", str(child.pid)) as one:
            one.until(one.last, "a report")
            assert one.loaded() == {"toy"}
            child.communicate()
            assert one.popen.wait(60) == 0
        assert one.loaded() == {"toy"}


@pytest.mark.root
def test_both_probes_find_the_same_in_what_lives(made: World, tmp_path: Path) -> None:
    need_probe("ebpf")
    folders = [tmp_path / probe for probe in ("scan", "ebpf")]
    with ExitStack() as stack:
        pids = [stack.enter_context(made.child("toy", forks=2)).pid]
        pids.append(stack.enter_context(made.child("other")).pid)
        words = [word for pid in pids for word in ("--pid", str(pid))]
        for folder in folders:
            folder.mkdir()
        runs = [
            stack.enter_context(running(folder, "--probes", folder.name, *words))
            for folder in folders
        ]
        scanned, heard = map(packages, runs)
    assert scanned == heard


def packages(one: Run) -> list[Line]:
    """What the last report of a run says of the packages of both children."""
    one.until(lambda: one.loaded() == {"toy", "other"}, "both")
    assert one.end() == 0
    return [
        {key: line[key] for key in ("purl", "state", "depth", "runtime", "version")}
        for line in one.last()
        if line["type"] == "package"
    ]


def test_sigterm_ends_all_of_it_soon_and_with_a_last_report(made: World, tmp_path: Path) -> None:
    with made.child("toy") as child:
        with running(tmp_path, "--probes", "scan", "--pid", str(child.pid)) as one:
            one.until(one.workers, "a worker")
            began = time.monotonic()
            assert one.end() == 0
            assert time.monotonic() - began < 5
            assert not one.workers()
        assert child.poll() is None


def test_sigterm_ends_the_command_too(made: World, tmp_path: Path) -> None:
    with running(tmp_path, "--probes", "scan", "--", *python(made, LATE, str(tmp_path))) as one:
        one.until(lambda: "toy" in one.loaded(), "the first import")
        command = one.command()
        began = time.monotonic()
        assert one.end() == 128 + signal.SIGTERM
        assert time.monotonic() - began < 5
        assert command_line(command) == ""


def test_a_first_ctrl_c_is_the_commands_to_answer(made: World, tmp_path: Path) -> None:
    program = "import signal, sys, time\nsignal.signal(2, lambda *_: sys.exit(9))\n" + LATE
    words = python(made, program, str(tmp_path))
    with running(tmp_path, "--probes", "scan", "--", *words) as one:
        one.until(lambda: "toy" in one.loaded(), "the first import")
        command = one.command()
        one.popen.send_signal(signal.SIGINT)
        os.kill(command, signal.SIGINT)
        assert one.popen.wait(60) == 9


def test_ctrl_c_ends_a_run_without_a_command(made: World, tmp_path: Path) -> None:
    with (
        made.child("toy") as child,
        running(tmp_path, "--probes", "scan", "--pid", str(child.pid)) as one,
    ):
        one.until(one.last, "a report")
        assert one.end(signal.SIGINT) == 130


def test_a_worker_that_is_killed_again_and_again_costs_looks_but_no_facts(
    made: World, tmp_path: Path
) -> None:
    with (
        made.child("toy") as child,
        running(tmp_path, "--probes", "scan", "--pid", str(child.pid)) as one,
    ):
        killed: set[int] = set()
        for _ in range(2):
            one.until(lambda: one.workers() - killed, "a new worker")
            for pid in one.workers() - killed:
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
        one.until(lambda: one.loaded() == {"toy"}, "the facts")
        assert one.says("worker lost")
        assert one.end() == 0


@pytest.mark.root
def test_an_ordinary_user_works_without_any_right(made: World) -> None:
    need(os.geteuid() == 0, "another user to be", "root")
    python = python_of_everybody()
    with (
        installed_for_everybody() as folder,
        made.child("toy", user=NOBODY) as child,
        running(folder, "--pid", str(child.pid), nobodys=python) as one,
    ):
        one.until(lambda: one.loaded() == {"toy"}, "the facts")
        assert one.says("new processes are noticed")[0]["probe"] == "scan"
        (refused,) = one.says("not used: ebpf")
        assert refused["help"]
        assert one.end() == 0


def python_of_everybody() -> str:
    """An interpreter of our version that every user may run."""
    ours = os.path.realpath(sys.executable)
    for python in (ours, f"/usr/bin/python3.{sys.version_info.minor}"):
        try:
            subprocess.run([python, "-c", ""], user=NOBODY, group=NOBODY, check=True)
        except OSError:
            continue
        return python
    need(condition=False, reason="a Python of our version for all users", provided_by="python3")
    return ours


@contextmanager
def installed_for_everybody() -> Iterator[Path]:
    """A folder for everybody, of which `site` holds all that the sensor needs."""
    with tempfile.TemporaryDirectory(prefix="runtime-sensor-test-") as name:
        folder = Path(name)
        for package in ("sensor", "probes", "ebpf_prebuilt"):
            shutil.copytree(ROOT / package, folder / "site" / package)
        for package in ("orjson", "psutil", "packageurl", "urllib3"):
            found = importlib.util.find_spec(package)
            assert found is not None
            assert found.origin is not None
            shutil.copytree(Path(found.origin).parent, folder / "site" / package)
        folder.chmod(0o777)
        yield folder


def test_a_reader_that_leaves_ends_it_quietly(made: World, tmp_path: Path) -> None:
    with made.child("toy") as child:
        words = command("run", "--probes", "scan", "--pid", str(child.pid))
        with (
            (tmp_path / "log").open("w+") as log,
            subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, cwd=ROOT) as one,
        ):
            assert one.stdout is not None
            one.stdout.close()
            assert one.wait(60) == 141
        assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--interval", "soon"), 2, "--interval is 'soon': it must be a number of seconds"),
        (("--", "no-such-command-anywhere"), 127, "no command 'no-such-command-anywhere'"),
        (("--", "/etc"), 126, "cannot start '/etc': Permission denied"),
        (("--config", "/no/such/file"), 2, "the file of settings /no/such/file: No such file"),
        (("--sink", "file:/no/such/folder/x"), 7, "/no/such/folder/x cannot be opened"),
        (("--sink", "snyk"), 2, "snykGroupId is not set"),
        (("--extra-ca", "/no/such/file", "--sink", "snyk"), 2, "/no/such/file"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(words: tuple[str, ...], code: int, says: str) -> None:
    done = run("run", "--probes", "scan", "--log-format", "text", *words)
    assert done.returncode == code
    errors = [line for line in done.stderr.splitlines() if line.startswith("runtime-sensor: ")]
    assert len(errors) == 1
    assert says in errors[0]
    assert done.stdout == ""


def test_a_process_that_is_not_there() -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    done = run("run", "--pid", str(child.pid))
    assert (done.returncode, done.stdout) == (3, "")
