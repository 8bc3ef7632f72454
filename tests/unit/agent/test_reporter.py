"""The thread of reports: newest state wins, waits grow, the last one is tried, nothing hammers."""

from __future__ import annotations

import random
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from sensor.agent import reporter as module
from sensor.agent.reporter import Reporter
from sensor.model.batch import Batch
from sensor.report.sink import Rejected, Retry

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 30.0


class Clock:
    """Time that the test moves; whoever waits on the reporter's condition is woken then."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Sink:
    """Answers each report with the next of `answers`: an error to raise, or None."""

    name = "made up"

    def __init__(self, *answers: Exception | None, gate: threading.Event | None = None) -> None:
        self.answers = list(answers)
        self.got: list[float] = []
        self.times: list[float] = []
        self.closed = 0
        self.came = threading.Semaphore(0)
        self.clock: Clock | None = None
        self._gate = gate

    def send(self, batch: Batch) -> None:
        self.got.append(batch.at)
        self.times.append(self.clock() if self.clock else 0.0)
        self.came.release()
        if self._gate:
            self._gate.wait(PATIENCE)
        answer = self.answers.pop(0) if self.answers else None
        if answer:
            raise answer

    def close(self) -> None:
        self.closed += 1

    def wait(self, times: int = 1) -> None:
        for _ in range(times):
            assert self.came.acquire(timeout=PATIENCE)


class Quiet(random.Random):
    """No jitter."""

    def uniform(self, a: float, b: float) -> float:  # noqa: ARG002 - as random.Random
        return a


@contextmanager
def running(sink: Sink) -> Iterator[tuple[Reporter, Clock, threading.Semaphore]]:
    clock, woken = Clock(), threading.Semaphore(0)
    sink.clock = clock
    reporter = Reporter(sink, woken.release, clock, Quiet())
    reporter.start()
    try:
        yield reporter, clock, woken
    finally:
        reporter.close(PATIENCE)


def move(reporter: Reporter, clock: Clock, seconds: float) -> None:
    """Let time pass, and let the thread see it."""
    clock.now += seconds
    with reporter._condition:  # noqa: SLF001 - in the place of a real clock's waiting
        reporter._condition.notify_all()  # noqa: SLF001


def settled(reporter: Reporter, clock: Clock) -> None:
    """Wait until the thread has written down that the last try failed."""
    pause = threading.Event()
    for _ in range(int(PATIENCE * 100)):
        if reporter._not_before > clock.now:  # noqa: SLF001 - it waits now
            return
        pause.wait(0.01)
    raise AssertionError("nothing failed")


def test_what_is_accepted_is_told_once() -> None:
    sink = Sink()
    with running(sink) as (reporter, _, woken):
        reporter.offer(Batch(1.0))
        assert woken.acquire(timeout=PATIENCE)
        assert reporter.accepted() == Batch(1.0)
        assert reporter.accepted() is None
        assert reporter.idle
        assert reporter.state.accepted_at == 1.0
    assert (sink.got, sink.closed) == ([1.0], 1)


def test_the_newest_state_replaces_the_one_that_waits() -> None:
    gate = threading.Event()
    sink = Sink(gate=gate)
    with running(sink) as (reporter, _, woken):
        reporter.offer(Batch(1.0))
        sink.wait()
        reporter.offer(Batch(2.0))
        reporter.offer(Batch(3.0))
        gate.set()
        sink.wait()
        assert woken.acquire(timeout=PATIENCE)
        assert woken.acquire(timeout=PATIENCE)
        assert reporter.accepted() == Batch(3.0)
    assert sink.got == [1.0, 3.0]


@pytest.mark.parametrize(
    ("error", "least", "most"),
    [
        (Retry("busy"), module.RETRY_SECONDS, module.MOST_RETRY_SECONDS),
        (Rejected("wrong token"), module.REJECTED_SECONDS, module.MOST_REJECTED_SECONDS),
        (ZeroDivisionError(), module.RETRY_SECONDS, module.MOST_RETRY_SECONDS),
    ],
)
def test_a_failure_is_tried_again_later_and_later(
    error: Exception, least: float, most: float
) -> None:
    sink = Sink(*[error] * 12)
    with running(sink) as (reporter, clock, _):
        reporter.offer(Batch(1.0))
        waits = []
        for _ in range(12):
            sink.wait()
            settled(reporter, clock)
            waits.append(reporter._not_before - clock.now)  # noqa: SLF001 - what it waits for
            move(reporter, clock, waits[-1] - 0.5)
            assert not sink.came.acquire(timeout=0.01)
            move(reporter, clock, 0.5)
    assert min(waits) >= least
    assert max(waits) <= most
    assert waits == sorted(waits)
    assert waits[-1] > waits[0]
    assert set(sink.got) == {1.0}


def test_it_waits_at_least_as_long_as_it_was_asked_to() -> None:
    sink = Sink(Retry("slow down", after=77.0))
    with running(sink) as (reporter, clock, woken):
        reporter.offer(Batch(1.0))
        sink.wait()
        settled(reporter, clock)
        assert reporter.state.trouble == "slow down"
        move(reporter, clock, 76.0)
        reporter.offer(Batch(2.0))
        assert not woken.acquire(timeout=0.05)
        move(reporter, clock, 2.0)
        assert woken.acquire(timeout=PATIENCE)
        assert reporter.state.trouble == ""
    assert sink.got == [1.0, 2.0]


def test_the_last_report_is_tried_at_once_however_long_the_wait() -> None:
    sink = Sink(Retry("busy", after=9999.0))
    with running(sink) as (reporter, clock, _woken):
        reporter.offer(Batch(1.0))
        sink.wait()
        settled(reporter, clock)
        reporter.offer(Batch(2.0))
        assert reporter.close(PATIENCE) is True
    assert sink.got == [1.0, 2.0]
    assert sink.closed == 1


def test_a_last_report_that_fails_is_told() -> None:
    sink = Sink(Retry("busy", after=9999.0), Retry("still busy"))
    with running(sink) as (reporter, clock, _woken):
        reporter.offer(Batch(1.0))
        sink.wait()
        settled(reporter, clock)
        assert reporter.close(PATIENCE) is False
        assert reporter.state.trouble == "still busy"
    assert sink.got == [1.0, 1.0]


def test_a_sink_that_hangs_does_not_hold_up_the_end() -> None:
    gate = threading.Event()
    sink = Sink(gate=gate)
    with running(sink) as (reporter, _clock, _woken):
        reporter.offer(Batch(1.0))
        sink.wait()
        assert reporter.close(0.05) is False
        gate.set()
