"""`scan --pid` of real children: late start, every format, every kind of refusal."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import termios
from typing import TYPE_CHECKING, Any

import pytest

from tests.harness.skips import need
from tests.live.cli.world import NOBODY, ROOT, command, run
from tests.support import schema
from tests.support.ostruth import purls_of

if TYPE_CHECKING:
    from tests.live.cli.world import World


def lines_of(text: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        schema.check(line)
    return lines


def packages(lines: list[dict[str, Any]]) -> dict[int, list[str]]:
    """Purls by pid."""
    found: dict[int, list[str]] = {}
    for line in lines:
        if line["type"] == "package" and line["state"] == "loaded":
            found.setdefault(line["pid"], []).append(line["purl"])
    return found


def test_ndjson_of_two_children_that_were_started_before(made: World) -> None:
    with made.child("toy") as one, made.child("toy", "other") as two:
        result = run("scan", "--pid", str(one.pid), "--pid", str(two.pid), "--format", "ndjson")
        system = {child.pid: purls_of(child.pid) for child in (one, two)}
    lines = lines_of(result.stdout)
    assert (result.returncode, result.stderr) == (0, "")
    assert packages(lines) == {
        one.pid: [*system[one.pid], "pkg:pypi/toy@1.2"],
        two.pid: [*system[two.pid], "pkg:pypi/other@3.4", "pkg:pypi/toy@1.2"],
    }
    assert [line["type"] for line in lines].count("summary") == 1
    assert lines[-1]["processes"]["read"] == 2
    complete = {line["pid"]: line["complete"] for line in lines if line["type"] == "coverage"}
    assert complete == {one.pid: True, two.pid: True}


def test_evidence_can_be_checked_by_a_person(made: World) -> None:
    with made.child("toy") as child:
        lines = lines_of(run("scan", "--pid", str(child.pid), "--format", "ndjson").stdout)
    (package,) = (
        line for line in lines if line["type"] == "package" and line["runtime"] == "python"
    )
    assert package["evidence"][0]["path"] == str(made.site / "toy" / "__init__.py")
    assert package["container_id"] is None or len(package["container_id"]) == 64


def test_json_is_one_document(made: World) -> None:
    with made.child("toy") as child:
        result = run("scan", "--pid", str(child.pid), "--format", "json")
        system = purls_of(child.pid)
    document = json.loads(result.stdout)
    schema.check(document)
    assert [line["purl"] for line in document["packages"]] == [*system, "pkg:pypi/toy@1.2"]


def test_the_table_shows_forked_workers_once_with_all_their_pids(made: World) -> None:
    with made.child("toy", forks=2) as child:
        pids = [child.pid, *children_of(child.pid)]
        result = run("scan", *(word for pid in pids for word in ("--pid", str(pid))))
    assert result.stdout.count("toy ") == 1
    assert "(3 processes)" in result.stdout
    assert all(pid_is_shown(pid, result.stdout) for pid in pids)
    assert "Read 3 processes" in result.stdout


def children_of(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as file:  # noqa: PTH123
        return [int(word) for word in file.read().split()]


def pid_is_shown(pid: int, text: str) -> bool:
    """Whether it is named in the line with the pids, alone or in a range."""
    (line,) = (line for line in text.splitlines() if "(3 processes)" in line)
    words = line.rpartition("  pid ")[2].rpartition(" (")[0].split(", ")
    ranges = [word.split("-") for word in words]
    return any(int(ends[0]) <= pid <= int(ends[-1]) for ends in ranges)


def test_explain_loaded_and_not_observed(made: World) -> None:
    with made.child("toy") as child:
        pid = str(child.pid)
        loaded = run("scan", "--pid", pid, "--explain", "pkg:pypi/Toy")
        absent = run("scan", "--pid", pid, "--explain", "pkg:pypi/other")
        facts = run("scan", "--pid", pid, "--explain", "pkg:pypi/other@3.4", "--format", "ndjson")
        foreign = run("scan", "--pid", pid, "--explain", "pkg:golang/golang.org/x/net")
    assert "loaded: pkg:pypi/toy@1.2" in loaded.stdout
    assert str(made.site / "toy" / "__init__.py") in "".join(loaded.stdout.split())
    assert "not observed: pkg:pypi/other" in absent.stdout
    assert "coverage of python: complete" in absent.stdout
    (package,) = (line for line in lines_of(facts.stdout) if line["type"] == "package")
    assert (package["state"], package["purl"]) == ("not_observed", "pkg:pypi/other@3.4")
    assert "no process of this runtime was read (golang)" in foreign.stdout


def test_a_process_without_a_runtime_is_named(made: World) -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
        result = run("scan", "--pid", str(child.pid))
        system = purls_of(child.pid)
    assert (result.returncode, result.stderr) == (0, "")
    assert f"pid {child.pid}\n" in result.stdout
    assert "no runtime that is known here 1" in result.stdout
    assert f"{len(system)} loaded" in result.stdout
    assert made.site.exists()


def test_hostile_names_do_not_reach_the_terminal(made: World) -> None:
    script = "evil\x1b]0;owned\x07\u202e\udcff.py"
    with made.child("toy", script=script) as child:
        table = run("scan", "--pid", str(child.pid))
        wire = run("scan", "--pid", str(child.pid), "--format", "ndjson")
    assert "toy" in table.stdout
    assert all(line.isprintable() for line in table.stdout.splitlines())
    lines_of(wire.stdout)


@pytest.mark.root
def test_an_ordinary_user_reads_his_own_process(made: World) -> None:
    need(os.geteuid() == 0, "becoming another user", "root")
    with made.child("toy", user=NOBODY) as child:
        pid = str(child.pid)
        result = run("scan", "--pid", pid, "--format", "ndjson", nobody=True)
        system = purls_of(child.pid)
    assert (result.returncode, result.stderr) == (0, "")
    assert packages(lines_of(result.stdout)) == {child.pid: [*system, "pkg:pypi/toy@1.2"]}


def on_terminal(columns: int, *words: str) -> str:
    """What the command line writes to a terminal of so many columns, on either stream."""
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    with subprocess.Popen(
        command(*words), cwd=ROOT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ):
        os.close(theirs)
        text = b""
        while piece := read_terminal(ours):
            text += piece
    os.close(ours)
    return text.decode()


def read_terminal(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError as error:
        if error.errno != errno.EIO:  # nobody has the other side open any more
            raise
        return b""


def test_on_a_terminal_the_table_fits_it(made: World) -> None:
    name = "long_" * 30
    made.distribution(name, "1")
    with made.child("toy", name) as child:
        text = on_terminal(101, "scan", "--pid", str(child.pid))
        piped = run("scan", "--pid", str(child.pid)).stdout
    lines = text.splitlines()
    assert max(map(len, lines)) == 101
    assert any(line.startswith("    toy ") for line in lines)
    assert "\x1b" not in text  # a short scan shows no progress
    assert max(map(len, piped.splitlines())) > 101
