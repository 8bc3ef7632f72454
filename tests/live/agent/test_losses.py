"""A ring that is too small costs events but no facts, and the report says how many."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.harness.skips import need
from tests.live.agent.runs import running
from tests.support import smallest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live.agent.runs import Line, Run
    from tests.live.cli.world import World

# While the agent (its parent) is stopped it starts a storm of programs that end at once, and then
# two that live on: each of their events finds a full ring. They end with their input.
STORM = """\
import os, signal, subprocess, sys
program, child, site, count = sys.argv[1:]
os.kill(os.getppid(), signal.SIGSTOP)
try:
    for _ in range(int(count)):
        os.waitpid(os.posix_spawn(program, [program], {}), 0)
    living = []
    for module in ("toy", "other"):
        words = [sys.executable, "-S", child, site, "0", module, "0"]
        living.append(subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        assert living[-1].stdout.readline() == b"up\\n"
finally:
    os.kill(os.getppid(), signal.SIGCONT)
signal.pause()
"""
PROGRAMS = 200
FACTS = ("purl", "name", "version", "state", "depth", "runtime")

pytestmark = [pytest.mark.root]


@contextmanager
def over_the_storm(made: World, folder: Path, probe: str, module: str) -> Iterator[Run]:
    """A run over the storm."""
    folder.mkdir()
    program = smallest.write(folder / "smallest")
    words = [sys.executable, "-S", "-c", STORM, program, made.script, made.site, PROGRAMS]
    line = ("--probes", probe, "--", *map(str, words))
    with running(folder, *line, module=module) as one:
        yield one


def last(one: Run, probe: str) -> list[Line]:
    """Its last report."""
    one.until(lambda: one.loaded() >= {"toy", "other"}, "those that live on")
    one.end()
    assert one.says("new processes are noticed")[0]["probe"] == probe
    return one.last()


def facts(report: list[Line]) -> list[Line]:
    packages = [line for line in report if line.get("runtime") == "python" and "purl" in line]
    return [{key: line[key] for key in FACTS} for line in packages]


def lost(report: list[Line]) -> int:
    """How many events are lost, as the report says; 0: it says nothing of that."""
    gaps = (line for line in report if line["type"] == "gap" and line["reason"] == "events lost")
    return sum(int(gap["detail"].split()[0]) for gap in gaps)


def test_a_ring_of_one_page_costs_no_facts_and_the_loss_is_told(
    made: World, tmp_path: Path
) -> None:
    need(os.geteuid() == 0, "eBPF", "root")
    with (
        over_the_storm(made, tmp_path / "small", "ebpf", "tests.live.agent.one_page") as small,
        over_the_storm(made, tmp_path / "scan", "scan", "sensor.cli") as other,
    ):
        healed, scanned = last(small, "ebpf"), last(other, "scan")
    assert {fact["name"] for fact in facts(healed)} == {"toy", "other"}
    assert facts(healed) == facts(scanned)
    assert not lost(scanned)
    # Each of them starts and ends; a page holds a few dozen of these events.
    assert lost(healed) > PROGRAMS
