"""What every probe promises (`probes.probe.Probe`)."""

from __future__ import annotations

import select
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from probes import stat
from probes.event import Event, Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from probes.probe import Probe
    from tests.contract.probes.conftest import Wait

AT_ONCE = 1000


def is_exec(event: Event) -> bool:
    return event.kind is Kind.EXEC


def is_exit(event: Event) -> bool:
    return event.kind is Kind.EXIT


def cat() -> subprocess.Popen[bytes]:
    """A program that lives until its input ends."""
    return subprocess.Popen(["cat"], stdin=subprocess.PIPE)


def end(child: subprocess.Popen[bytes]) -> None:
    assert child.stdin is not None
    child.stdin.close()
    child.wait()


def descriptors() -> list[str]:
    folder = Path("/proc/self/fd")
    return sorted(str(link.readlink()) for link in folder.iterdir() if link.is_symlink())


def drain_all(probe: Probe) -> None:
    while probe.drain(lambda _: None, AT_ONCE) == AT_ONCE:
        pass


def drain_for(probe: Probe, handle: Callable[[Event], None], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        select.select([probe.fileno()], [], [], 1)
        probe.drain(handle, AT_ONCE)


def test_nothing_is_missing_here(make: Callable[[], Probe]) -> None:
    assert make().check() is None


def test_a_program_that_starts_and_ends_is_told_with_its_start(probe: Probe, wait: Wait) -> None:
    begin = time.time()
    child = cat()
    began = wait(child.pid, is_exec)
    shown = stat.read(child.pid)
    end(child)
    ended = wait(child.pid, is_exit)
    assert shown
    assert shown.start_ticks == began.start_ticks == ended.start_ticks
    assert began.at
    assert ended.at
    # The clock of the kernel's time stamps and that of the day are read one after the other.
    assert begin - 0.1 < began.at <= ended.at < time.time() + 0.1
    assert probe.lost() == 0


def test_another_program_in_the_same_process_is_told_again(wait: Wait) -> None:
    with subprocess.Popen(["sh", "-c", "read go; exec cat"], stdin=subprocess.PIPE) as child:
        first = wait(child.pid, is_exec)
        assert child.stdin is not None
        child.stdin.write(b"\n")
        child.stdin.flush()
        second = wait(child.pid, is_exec)
    assert first.start_ticks == second.start_ticks


def test_no_more_than_the_limit_is_told_at_once(probe: Probe) -> None:
    children = [cat() for _ in range(3)]
    told: list[Event] = []
    deadline = time.monotonic() + 30
    while {child.pid for child in children} - {event.pid for event in told}:
        assert time.monotonic() < deadline
        before = len(told)
        assert probe.drain(told.append, 1) == len(told) - before <= 1
    for child in children:
        end(child)


def test_what_the_handler_raises_comes_through_and_takes_nothing_else_with_it(
    probe: Probe, wait: Wait
) -> None:
    children = [cat() for _ in range(2)]

    def refuse(event: Event) -> None:
        if event.pid == children[0].pid:
            raise LookupError(event.kind)

    with pytest.raises(LookupError):
        drain_for(probe, refuse, seconds=30)
    wait(children[1].pid, is_exec)
    for child in children:
        end(child)


def test_the_descriptor_says_within_a_second_when_to_drain(probe: Probe) -> None:
    drain_all(probe)
    assert select.select([probe.fileno()], [], [], 1)[0]


def test_draining_makes_the_descriptor_unreadable(probe: Probe) -> None:
    assert select.select([probe.fileno()], [], [], 1)[0]
    drained = []
    for _ in range(5):
        # The next period may begin between the two, but not each time.
        drain_all(probe)
        drained.append(not select.select([probe.fileno()], [], [], 0)[0])
    assert any(drained)


def test_nothing_stays_open_and_closing_twice_is_no_error(make: Callable[[], Probe]) -> None:
    before = descriptors()
    probe = make()
    probe.start()
    during = descriptors()
    probe.close()
    probe.close()
    assert len(during) > len(before)
    assert descriptors() == before
    assert probe.lost() == 0


def test_it_is_started_once(probe: Probe) -> None:
    with pytest.raises(ValueError, match="started already"):
        probe.start()


def test_before_the_start_there_is_nothing_to_drain(make: Callable[[], Probe]) -> None:
    with pytest.raises(ValueError, match="not started"):
        make().drain(lambda _: None, 1)


def test_the_process_that_looks_is_not_changed_by_a_check(make: Callable[[], Probe]) -> None:
    before, threads = descriptors(), set(Path("/proc/self/task").iterdir())
    make().check()
    assert descriptors() == before
    assert set(Path("/proc/self/task").iterdir()) <= threads
