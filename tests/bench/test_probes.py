"""What the probes cost: medians beside their goals; asserted is only what repeats itself."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from probes.ebpf import EbpfProbe
from probes.scan import ScanProbe
from tests.harness.skips import need
from tests.support import smallest, storm
from tests.support.cgroup import Cgroup
from tests.support.measure import cpu_seconds

pytestmark = [pytest.mark.bench]

ROOT = Path(__file__).parents[2]
ROUNDS = 5
MEMORY = """
import re, sys
def rss():
    return int(re.search(r"RssAnon:\\s+(\\d+)", open("/proc/self/status").read())[1])
import dataclasses, json, select, socket, subprocess
before = rss()
from probes.ebpf import EbpfProbe
probe = EbpfProbe()
probe.start()
probe.drain(lambda event: None, 100000)
print(rss() - before, "probes.bpf.btf" in sys.modules)
"""


def show(what: str, value: float, unit: str, goal: float) -> None:
    sys.stdout.write(f"\n{what}: {value:.2f} {unit} (goal {goal:g} {unit})\n")


def need_root() -> None:
    need(os.geteuid() == 0, "bpf(2) is root's", "root")


def cpu_of(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


@pytest.mark.root
def test_start() -> None:
    need_root()
    walls, cpus = [], []
    for _ in range(ROUNDS):
        begin, cpu = time.monotonic(), cpu_of(resource.RUSAGE_CHILDREN)
        probe = EbpfProbe()
        probe.start()
        walls.append((time.monotonic() - begin) * 1e3)
        probe.close()
        cpus.append((cpu_of(resource.RUSAGE_CHILDREN) - cpu) * 1e3)
    show("load, attach and test", statistics.median(walls), "ms", 300)
    show("of that CPU of the child", statistics.median(cpus), "ms", 200)


@pytest.mark.root
def test_a_storm(tmp_path: Path) -> None:
    need_root()
    program, probe = smallest.write(tmp_path / "smallest"), EbpfProbe()
    probe.start()
    with Cgroup("bench") as cgroup:
        cpu = cpu_of(resource.RUSAGE_SELF)
        told = storm.run(probe, cgroup, program, 4000, 2000)
        used = cpu_of(resource.RUSAGE_SELF) - cpu
    probe.close()
    show("reading one start and one end", used / len(told.pids) * 1e6, "us CPU", 40)
    show("programs started", told.rate, "a second", 2000)
    assert len(told.execs) == len(told.pids)


@pytest.mark.root
def test_nothing_to_do() -> None:
    need_root()
    probe = EbpfProbe()
    probe.start()
    per_drain = cpu_seconds(lambda: probe.drain(lambda _: None, 1000), 50) * 1e6
    probe.close()
    show("a drain that finds nothing or little, 4 a second", per_drain, "us CPU", 50)


def test_a_scan() -> None:
    probe = ScanProbe(3600)
    probe.start()
    probe.drain(lambda _: None, 1 << 20)
    per_look = cpu_seconds(probe.look, 50) * 1e6
    probe.close()
    count = sum(path.name.isdecimal() for path in Path("/proc").iterdir())
    show("a look at one process", per_look / count, "us CPU", 30)


@pytest.mark.root
def test_memory_that_stays() -> None:
    need_root()
    words = [sys.executable, "-c", MEMORY]
    said = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    kilobytes, reader_of_types = said.split()
    show("private memory of the started probe", int(kilobytes) / 1024, "MiB", 3)
    # What only the loading child needs stays out of the process that lives on.
    assert reader_of_types == "False"
