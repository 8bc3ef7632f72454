"""The loop of a scan: what becomes of processes that end, refuse, or break."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self, cast

import pytest

from sensor import containers
from sensor.errors import BudgetSpent, NoSuchContainer, NotPermitted, ProcessGone, UsageError
from sensor.model.budget import Budget, Meter
from sensor.model.container import HOST, UNKNOWN, Container
from sensor.model.finding import Coverage, Finding, Gap
from sensor.model.process import Arguments, Mapping, ProcessKey
from sensor.model.seen import Outcome
from sensor.resolvers.resolver import Resolver
from sensor.scan import Scanner, cost, has_program, living, of_container

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensor.host.seam import Cache, Opener, Process
    from sensor.model.finding import Plain

FINDING = Finding(coverage=Coverage("toy", complete=True, since=1.0, how="asked"))
# Above PID_MAX_LIMIT of the kernel.
NO_PID = 1 << 30
A, B = "aa" * 32, "ab" * 32


@dataclass
class Made:
    """A process that can break in any of its methods."""

    key: ProcessKey
    broken: dict[str, BaseException] = field(default_factory=dict)
    exe: str = "/usr/bin/toy"
    program: str = "/usr/bin/toy"
    maps_digest: int = 1
    at: float = 1.0
    meter: Meter = field(default_factory=Meter)
    closed: int = 0

    def _may_break(self, name: str) -> None:
        if name in self.broken:
            raise self.broken[name]

    @property
    def arguments(self) -> Arguments:
        self._may_break("arguments")
        return Arguments("toy", "toy.py")

    def maps(self) -> list[Mapping]:
        self._may_break("maps")
        return []

    def verify(self) -> None:
        self._may_break("verify")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.closed += 1


class MadeOpener:
    """Opens one process, which breaks where it is told to."""

    def __init__(self, **broken: BaseException) -> None:
        self.broken = broken
        self.process = Made(ProcessKey(7, 70), broken)

    def key(self, pid: int) -> ProcessKey:
        if "key" in self.broken:
            raise self.broken["key"]
        return ProcessKey(pid, 10 * pid)

    def open_process(self, key: ProcessKey) -> Made:
        if "open_process" in self.broken:
            raise self.broken["open_process"]
        return self.process if key == self.process.key else Made(key)


def resolve(_process: Process, _budget: Budget, _cache: Cache, _memo: Plain) -> Finding:
    return FINDING


def resolver(detects: Callable[[Process], bool] = lambda _: True) -> Resolver:
    return Resolver("toy", ("toy",), detects, resolve)


def scanner(opener: MadeOpener, *resolvers: Resolver) -> Scanner:
    return Scanner(cast("Opener", opener), resolvers or (resolver(),))


@pytest.fixture(autouse=True)
def everything_is_on_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "of_pid", lambda _: HOST)


def test_a_process_that_was_read() -> None:
    seen = scanner(MadeOpener()).look(7)
    assert (seen.pid, seen.start_ticks, seen.outcome) == (7, 70, Outcome.READ)
    assert (seen.exe, seen.script, seen.container) == ("/usr/bin/toy", "toy.py", HOST)
    assert dict(seen.findings) == {"toy": FINDING}
    assert list(seen.all_gaps()) == []


@pytest.mark.parametrize(
    ("place", "error", "outcome", "gap"),
    [
        (
            "key",
            ProcessGone("process 7 is gone"),
            Outcome.ENDED,
            Gap("", "process ended", "process 7 is gone"),
        ),
        (
            "open_process",
            NotPermitted("process 7: refused"),
            Outcome.NOT_PERMITTED,
            Gap("", "not permitted", "process 7: refused"),
        ),
        (
            "open_process",
            OSError(5, "Input/output error"),
            Outcome.FAILED,
            Gap("", "process not read", "OSError: [Errno 5] Input/output error"),
        ),
        (
            "open_process",
            BudgetSpent("9 bytes in 1 calls"),
            Outcome.FAILED,
            Gap("", "process not read", "BudgetSpent: 9 bytes in 1 calls"),
        ),
        (
            "verify",
            ProcessGone("exec"),
            Outcome.ENDED,
            Gap("", "process ended", "it ended, or became another program, while we looked"),
        ),
    ],
)
def test_a_process_that_was_not_read_costs_its_own_answer_only(
    place: str, error: BaseException, outcome: Outcome, gap: Gap
) -> None:
    broken = MadeOpener(**{place: error})
    seen = scanner(broken).look(7)
    assert (seen.outcome, seen.gaps, dict(seen.findings)) == (outcome, (gap,), {})
    if place != "key":
        outcomes = [one.outcome for one in scanner(MadeOpener()).scan([7, 8])]
        assert outcomes == [Outcome.READ, Outcome.READ]


def test_a_process_is_closed_when_it_ends_before_its_program_is_noted() -> None:
    opener = MadeOpener(arguments=ProcessGone("gone"))
    assert scanner(opener).look(7).outcome is Outcome.ENDED
    assert opener.process.closed == 1


def test_a_defect_of_ours_is_not_hidden() -> None:
    def detects(_process: Process) -> bool:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        scanner(MadeOpener(), resolver(detects)).look(7)


@pytest.mark.parametrize(
    ("container", "detail"),
    [
        (UNKNOWN, "its cgroup path is hidden from us, or too long to be read"),
        (Container(A, certain=False), f"its cgroup path is cut off; perhaps {A}"),
    ],
)
def test_a_container_that_is_not_known_is_a_gap(
    monkeypatch: pytest.MonkeyPatch, container: Container, detail: str
) -> None:
    monkeypatch.setattr(containers, "of_pid", lambda _: container)
    seen = scanner(MadeOpener()).look(7)
    assert list(seen.all_gaps()) == [Gap("", "container not known", detail)]


def of_made_pid(pid: int) -> Container:
    """Two containers that begin alike, a doubtful one, the host, and a dead process."""
    if pid == 5:
        raise ProcessGone("process 5 is gone")
    return {1: Container(A), 2: Container(B), 3: Container(A), 4: HOST}.get(
        pid, Container(A, certain=False)
    )


@pytest.mark.parametrize(("prefix", "pids"), [("aa", [1, 3]), (A, [1, 3]), ("ab", [2])])
def test_processes_of_a_container(
    monkeypatch: pytest.MonkeyPatch, prefix: str, pids: list[int]
) -> None:
    monkeypatch.setattr(containers, "of_pid", of_made_pid)
    assert of_container(prefix, range(1, 8)) == pids


def test_no_such_container_and_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "of_pid", of_made_pid)
    with pytest.raises(NoSuchContainer, match="no process of a container 12"):
        of_container("12", range(1, 8))
    with pytest.raises(UsageError, match=f"2 containers begin with a: {A}, {B}"):
        of_container("a", range(1, 8))


def test_a_kernel_thread_has_no_program() -> None:
    # Pid 2 is the parent of kernel threads, but in a pid namespace any process or none.
    name = Path("/proc/2/comm")
    kthreadd = name.exists() and name.read_text() == "kthreadd\n"
    assert has_program(2) is not kthreadd
    assert not (kthreadd and 2 in living())


def test_a_zombie_has_no_program_and_a_child_has() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert has_program(child.pid)
        assert child.pid in living()
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not has_program(child.pid)


def test_of_what_cannot_be_told_the_look_will_tell() -> None:
    assert has_program(NO_PID)


def test_living_processes_without_ourselves() -> None:
    assert os.getppid() in living()
    assert os.getpid() not in living()


def test_we_measure_ourselves() -> None:
    before = cost()
    assert before.rss_bytes > 1 << 20
    assert sum(range(1_000_000)) > 0
    assert cost().cpu_seconds >= before.cpu_seconds > 0
