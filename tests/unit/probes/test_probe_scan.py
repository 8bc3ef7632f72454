"""The scan probe on a /proc that the test writes."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from probes import scan
from probes.errors import KernelLacks
from probes.event import Event, Kind
from probes.scan import ScanProbe
from tests.unit.probes.test_probe_stat import line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Longer than any test: a look is had by asking for it.
NEVER = 3600.0


class Proc:
    """A folder of processes, and a probe that looks at it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "self").mkdir()
        (folder / "sys").mkdir()
        self.probe = ScanProbe(NEVER, folder)

    def put(self, pid: int, **changed: object) -> None:
        (self.folder / str(pid)).mkdir(exist_ok=True)
        (self.folder / str(pid) / "stat").write_bytes(line(**changed))  # type: ignore[arg-type]

    def end(self, pid: int) -> None:
        shutil.rmtree(self.folder / str(pid))

    def told(self) -> list[tuple[Kind, int | None, int | None]]:
        """What is new, looking now."""
        events: list[Event] = []
        self.probe.look()
        self.probe.drain(events.append, 1000)
        return [(event.kind, event.pid, event.start_ticks) for event in events]


@pytest.fixture
def proc(tmp_path: Path) -> Iterator[Proc]:
    proc = Proc(tmp_path)
    proc.put(1, f22=10)
    proc.put(20, f22=200)
    proc.probe.start()
    yield proc
    proc.probe.close()


def test_the_first_look_tells_of_all_that_live_and_the_second_of_nothing(proc: Proc) -> None:
    assert proc.told() == [(Kind.EXEC, 1, 10), (Kind.EXEC, 20, 200)]
    assert proc.told() == []


def test_new_and_gone_ones(proc: Proc) -> None:
    proc.told()
    proc.put(30, f22=300)
    proc.end(20)
    assert proc.told() == [(Kind.EXIT, 20, 200), (Kind.EXEC, 30, 300)]


def test_a_pid_that_is_used_again_is_an_end_and_a_start(proc: Proc) -> None:
    proc.told()
    proc.put(20, f22=999)
    assert proc.told() == [(Kind.EXIT, 20, 200), (Kind.EXEC, 20, 999)]


def test_another_program_in_the_same_process(proc: Proc) -> None:
    proc.told()
    proc.put(20, f22=200, f26=4000, f28=5000)
    assert proc.told() == [(Kind.EXEC, 20, 200)]


def test_a_zombie_has_ended_and_threads_of_the_kernel_never_are(proc: Proc) -> None:
    proc.told()
    proc.put(20, f22=200, f3="Z")
    proc.put(40, f9=0x208040)
    assert proc.told() == [(Kind.EXIT, 20, 200)]


def test_what_was_not_taken_waits(proc: Proc) -> None:
    events: list[Event] = []
    assert proc.probe.drain(events.append, 1) == 1
    assert proc.probe.drain(events.append, 5) == 1
    assert [event.pid for event in events] == [1, 20]


def test_too_many_are_counted_as_lost(proc: Proc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "MAX_PROCESSES", 2)
    proc.told()
    assert proc.probe.lost() == 0
    proc.put(30)
    assert proc.told() == []
    assert proc.probe.lost() == 1


def test_without_proc_it_says_what_to_do(tmp_path: Path) -> None:
    probe = ScanProbe(proc=tmp_path / "nothing")
    missing = probe.check()
    assert missing
    assert "proc" in missing.fix
    with pytest.raises(KernelLacks):
        probe.start()
