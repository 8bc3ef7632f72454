"""A real worker and real children: looks, crash, hang, replacement, idleness, what it inherits."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sensor import workerlink
from sensor.host.local import LocalOpener
from sensor.model.finding import State
from sensor.workerlink import Answer, LookRequest, WorkerLink

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from sensor.model.process import ProcessKey

PROGRAM = "import orjson, sys; print('up', flush=True); sys.stdin.read()"
PATIENCE = 60.0


@contextmanager
def child(program: str = PROGRAM) -> Iterator[ProcessKey]:
    """A Python process that is up; its key."""
    popen = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with popen:
        try:
            assert popen.stdout is not None
            assert popen.stdout.readline() == "up\n"
            yield LocalOpener().key(popen.pid)
        finally:
            popen.kill()


@contextmanager
def link(**bounds: int) -> Iterator[WorkerLink]:
    one = WorkerLink(**bounds)
    try:
        yield one
    finally:
        one.close()


def answer(one: WorkerLink, request: LookRequest) -> Answer:
    """Ask, and wait for the answer."""
    failed = one.ask(request, time.monotonic())
    return failed or waited(one)


def waited(one: WorkerLink) -> Answer:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        fd = one.fileno()
        assert fd is not None
        select.select([fd], [], [], 1.0)
        got = one.take(time.monotonic())
        if got:
            return got
    raise AssertionError("no answer")


def done(one: WorkerLink, key: ProcessKey) -> Answer:
    """A look until nobody has more to do: the last answer, with what all of them have told."""
    got = answer(one, LookRequest(key))
    findings, digests, cpu = dict(got.findings), dict(got.digests), got.cpu
    while got.more:
        got = answer(one, LookRequest(key, only=got.more, memos=got.memos))
        findings |= got.findings
        digests |= got.digests
        cpu += got.cpu
    return replace(got, findings=findings, digests=digests, cpu=cpu)


def worker_pid(one: WorkerLink) -> int:
    (pid,) = one.pids
    return pid


def state(pid: int) -> str:
    """The letter that /proc shows; "X" when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except FileNotFoundError:
        return "X"


def test_a_look_and_a_second_one_that_says_it_is_the_same() -> None:
    with child() as key, link() as one:
        first = done(one, key)
        assert first.outcome == "read"
        packages = first.findings["python"].packages
        assert {p.name for p in packages if p.state is State.LOADED} >= {"orjson"}
        second = answer(one, LookRequest(key, digests=first.digests, memos=first.memos))
        assert second.same == {"python", "os"}
        assert not second.findings
        assert second.cpu < first.cpu
        assert one.started == 1


def test_a_dead_process_is_gone() -> None:
    with child() as key:
        pass
    with link() as one:
        assert answer(one, LookRequest(key)).outcome == "gone"


def test_a_killed_worker_costs_its_look_only() -> None:
    with child() as key, link() as one:
        done(one, key)
        pid = worker_pid(one)
        os.kill(pid, signal.SIGSTOP)  # so that it is in the middle of the look
        assert one.ask(LookRequest(key), time.monotonic()) is None
        os.kill(pid, signal.SIGKILL)
        got = waited(one)
        assert (got.outcome, got.detail) == ("crash", "the worker was ended by signal 9")
        assert done(one, key).outcome == "read"
        assert one.started == 2


def test_a_worker_that_dies_when_idle_costs_nothing() -> None:
    with child() as key, link() as one:
        done(one, key)
        fd, pid = one.fileno(), worker_pid(one)
        os.kill(pid, signal.SIGKILL)
        assert fd is not None
        select.select([fd], [], [], PATIENCE)
        assert one.take(time.monotonic()) is None
        assert one.fileno() is None
        assert done(one, key).outcome == "read"


def test_a_worker_that_hangs_is_given_up_at_the_deadline() -> None:
    with child() as key, link() as one:
        done(one, key)
        pid = worker_pid(one)
        os.kill(pid, signal.SIGSTOP)
        now = time.monotonic()
        assert one.ask(LookRequest(key), now) is None
        assert one.take(now) is None
        got = one.take(now + workerlink.DEADLINE_SECONDS)
        assert got is not None
        assert got.outcome == "timeout"
        assert done(one, key).outcome == "read"
        one.close()
        assert state(pid) == "X"


def test_it_is_replaced_after_so_many_looks() -> None:
    with child() as key, link(most_looks=1) as one:
        assert done(one, key).outcome == "read"
        assert done(one, key).outcome == "read"
        assert one.replaced == one.started >= 2


def test_it_is_replaced_when_it_has_grown() -> None:
    with child() as key, link(most_resident=1) as one:
        assert done(one, key).outcome == "read"
        assert one.replaced >= 1
        assert one.fileno() is None


def test_it_ends_when_idle_and_is_reaped() -> None:
    with child() as key, link() as one:
        done(one, key)
        pid = worker_pid(one)
        now = time.monotonic()
        one.tidy(now)
        assert one.fileno() is not None
        one.tidy(now + workerlink.IDLE_SECONDS + 1)
        assert one.fileno() is None
        end = time.monotonic() + PATIENCE
        while one.pids and time.monotonic() < end:
            select.select([], [], [], 0.01)
            one.tidy(now + workerlink.IDLE_SECONDS + 1)
        assert state(pid) == "X"


def test_a_worker_that_cannot_start_is_tried_later_and_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workerlink, "command", lambda: [sys.executable, "-I", "-c", "0"])
    with child() as key, link() as one:
        waits = []
        for _ in range(2):
            now = time.monotonic()
            got = answer(one, LookRequest(key))
            assert got.outcome == "no_worker"
            waits.append(one.ready_at() - now)
        assert waits[1] > waits[0] >= 1


def test_a_worker_of_another_version_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workerlink, "__version__", "another")
    with child() as key, link() as one:
        got = answer(one, LookRequest(key))
        assert got.outcome == "no_worker"
        assert "version" in got.detail


def test_it_inherits_neither_environment_nor_descriptors(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SNYK_TOKEN", "very-secret-token")
    secret = tmp_path / "secret"
    secret.write_text("very-secret-token")
    with secret.open() as held, child() as key, link() as one:
        os.set_inheritable(held.fileno(), True)
        done(one, key)
        pid = worker_pid(one)
        assert set(workerlink.environment()) <= {*workerlink.MALLOC, *workerlink.KEPT_VARIABLES}
        targets = [str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir()]
        assert not [target for target in targets if target == str(secret)]
        assert Path(f"/proc/{pid}/cwd").readlink() == Path("/")
        limits = Path(f"/proc/{pid}/limits").read_text()
        assert "Max core file size        0                    0" in limits
        assert int(Path(f"/proc/{pid}/oom_score_adj").read_text()) >= 500


def test_it_ends_when_the_agent_is_no_more() -> None:
    program = (
        "import time, sensor.workerlink as w\n"
        "from sensor.host.local import LocalOpener\n"
        "import os\n"
        "one = w.WorkerLink(); key = LocalOpener().key(os.getpid())\n"
        "one.ask(w.LookRequest(key), time.monotonic())\n"
        "print(*one.pids, flush=True); os.kill(os.getpid(), 9)\n"
    )
    done_one = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    pid = int(done_one.stdout)
    end = time.monotonic() + PATIENCE
    while state(pid) not in "XZ" and time.monotonic() < end:
        select.select([], [], [], 0.01)
    assert state(pid) in "XZ"
