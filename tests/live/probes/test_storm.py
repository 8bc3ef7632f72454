"""eBPF on the kernel that we have: a fork storm arrives whole, and what is lost is told."""

from __future__ import annotations

import os
import select
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from probes.ebpf import EbpfProbe
from tests.harness.skips import need
from tests.support import smallest, storm
from tests.support.cgroup import Cgroup

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.root]

PROGRAMS = 6000
PER_SECOND = 2000
ONE_PAGE = 4096
MANY_TIMES = 100


@pytest.fixture
def cgroup(request: pytest.FixtureRequest) -> Iterator[Cgroup]:
    need(os.geteuid() == 0, "cgroups and BPF programs are root's", "root")
    with Cgroup(request.node.name[:40]) as cgroup:
        yield cgroup


def is_drained(probe: EbpfProbe, told: storm.Told) -> bool:
    """Take what is there; whether the descriptor is unreadable then."""
    probe.drain(told.hear, 100_000)
    return not select.select([probe.fileno()], [], [], 0)[0]


def test_each_of_a_fork_storm_arrives_with_its_path_and_names(
    cgroup: Cgroup, tmp_path: Path
) -> None:
    program = smallest.write(tmp_path / "smallest")
    probe = EbpfProbe()
    probe.start()
    try:
        told = storm.run(probe, cgroup, program, PROGRAMS, PER_SECOND)
        assert probe.lost() == 0
    finally:
        probe.close()
    print(f"{told.rate:.0f} programs a second")  # noqa: T201 - what this machine could do
    assert Counter(event.pid for event in told.execs) == Counter(told.pids)
    assert {event.path for event in told.execs} == {str(program)}
    assert {event.cgroup_names for event in told.execs} == {cgroup.names}
    assert {event.inode for event in told.execs} == {program.stat().st_ino}
    started = {(event.pid, event.start_ticks) for event in told.execs}
    assert started <= {(event.pid, event.start_ticks) for event in told.exits}
    # One more: the program that starts them.
    assert len(told.exits) == PROGRAMS + 1


def test_a_ring_of_one_page_loses_and_says_how_much(cgroup: Cgroup, tmp_path: Path) -> None:
    program = smallest.write(tmp_path / "smallest")
    probe = EbpfProbe(ring_bytes=ONE_PAGE)
    probe.start()
    try:
        told = storm.blind(probe, cgroup, program, 200)
        lost = probe.lost()
    finally:
        probe.close()
    delivered = len(told.execs) + len(told.exits)
    assert delivered < 2 * len(told.pids)
    # Other processes of this machine may have lost theirs as well.
    assert lost >= 2 * len(told.pids) + 1 - delivered
    assert probe.lost() >= lost


def test_a_ring_that_fills_up_wakes_the_reader_before_its_time(
    cgroup: Cgroup, tmp_path: Path
) -> None:
    program = smallest.write(tmp_path / "smallest")
    # The timer is of no help here: it would come in an hour.
    probe = EbpfProbe(ring_bytes=16 * ONE_PAGE, seconds=3600)
    probe.start()
    told = storm.Told(cgroup.id)
    try:
        probe.drain(told.hear, 100_000)
        with storm.start(cgroup, program, 200, PER_SECOND) as running:
            woken = select.select([probe.fileno()], [], [], 60)[0]
            told.end(running)
        # Other programs of the machine may start between the two: then it is drained again.
        quiet = any(is_drained(probe, told) for _ in range(MANY_TIMES))
    finally:
        probe.close()
    assert woken
    assert quiet
    assert told.execs
