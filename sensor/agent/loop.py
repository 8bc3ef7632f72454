"""The loop of the agent: waits for descriptors, timers and signals, and gives each part its turn.

It decides nothing but the order. SIGTERM ends it within 5 seconds: the last report is tried, and
children are ended. So does SIGINT, but with `run -- CMD` the first one is the command's to answer.
"""

from __future__ import annotations

import select
import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sensor import log
from sensor.errors import SensorError
from sensor.model.finding import Gap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from probes.event import Event
    from sensor.agent.cluster import Cluster
    from sensor.agent.command import Command
    from sensor.agent.looks import Looks, Source
    from sensor.agent.noticing import Noticing
    from sensor.agent.reporter import Reporter
    from sensor.agent.scope import Scope
    from sensor.agent.timing import Timing
    from sensor.agent.wake import Wake
    from sensor.inventory import Inventory
    from sensor.report.health import Health
    from sensor.report.healthserver import HealthServer
    from sensor.schedule import Schedule
    from sensor.workerlink import WorkerLink

# Signals and timers wake the loop; this only bounds what a mistake in them could cost.
MOST_WAIT: Final = 5.0
# A last report on the way out: when told to end, and when all is done.
TOLD_SECONDS: Final = 2.0
DONE_SECONDS: Final = 15.0
# The revision of an inventory and a cluster of which nothing is known.
NOTHING: Final = (0, 0, 0)
LOGGER: Final = log.logger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """All that the loop ties together. Without `noticing` only what is deployed is told."""

    wake: Wake
    scope: Scope
    looks: Looks
    schedule: Schedule
    link: WorkerLink
    inventory: Inventory
    reporter: Reporter
    timing: Timing
    health: Health
    server: HealthServer | None = None
    noticing: Noticing | None = None
    cluster: Cluster | None = None
    start: Callable[[], Command] | None = None


class Loop:
    """Runs until it is told to end, or until nothing is left to watch."""

    def __init__(self, parts: Parts) -> None:
        """Nothing happens before `run`."""
        self._parts = parts
        self._command: Command | None = None
        self._told = 0
        self._interrupted = 0
        self._reported_at = time.monotonic()
        self._lingering: float | None = None
        self._outdated = 0

    def run(self) -> int:
        """Watch. Answers the exit code: that of the command, if there is one, else 0.

        Raises SensorError when it cannot begin, BrokenPipeError when the reader of the output left,
        KeyboardInterrupt after Ctrl-C.
        """
        with self._signals():
            try:
                self._begin()
                while not self._is_over():
                    self._wait()
                    self._turn(time.monotonic())
            finally:
                self._end()
        if self._parts.reporter.reader_left:
            raise BrokenPipeError
        if self._interrupted and not self._command:
            raise KeyboardInterrupt
        return self._command.exit_code() if self._command else 0

    def _begin(self) -> None:
        parts = self._parts
        if parts.server:
            parts.server.start()  # before the probes: to load them takes its time
            LOGGER.info("health is answered", extra=log.fields(port=parts.server.port))
        parts.reporter.start()
        if parts.cluster:
            parts.cluster.start()
        if parts.noticing:
            parts.noticing.start()
        if parts.start:
            self._command = parts.start()
            if parts.noticing:
                parts.noticing.look()
        self._turn(time.monotonic())

    def _is_over(self) -> bool:
        cluster = self._parts.cluster
        if cluster and cluster.broken:
            raise SensorError("the watch of the cluster's pods broke: see the log")
        if self._told or self._parts.reporter.reader_left:
            return True
        if self._command:
            return self._command.has_ended()
        return self._parts.scope.is_over()

    def _wait(self) -> None:
        """Until something is readable, or the time of somebody has come."""
        poll = select.poll()
        for fd in self._descriptors():
            poll.register(fd, select.POLLIN)
        now = time.monotonic()
        times = (max(0.0, at - now) for at in self._times(now))
        more = self._parts.noticing is not None and self._parts.noticing.more
        wait = 0.0 if more else min(times, default=MOST_WAIT)
        poll.poll(min(wait, MOST_WAIT) * 1000 + 1)  # in ms, and not a bit too early

    def _descriptors(self) -> Iterator[int]:
        parts = self._parts
        yield parts.wake.fileno()
        if parts.noticing:
            yield from parts.noticing.descriptors()
        worker = parts.link.fileno()
        if worker is not None:
            yield worker

    def _times(self, now: float) -> Iterator[float]:
        parts = self._parts
        times = [parts.looks.wake_at(now), parts.timing.due_at(now, self._revision())]
        if parts.cluster:
            times.append(parts.cluster.wake_at())
        yield from (at for at in times if at is not None)

    def _turn(self, now: float) -> None:
        """One turn of everybody."""
        parts = self._parts
        parts.wake.clear()
        if parts.noticing:
            parts.noticing.drain(self._event)
        if parts.cluster and parts.cluster.news(now):
            parts.looks.reconsider(now)
        parts.looks.step(now)
        accepted = parts.reporter.accepted()
        if accepted:
            parts.inventory.accepted(accepted)
            self._reported_at = now - max(0.0, time.time() - accepted.at)
            if accepted.at == self._lingering:
                self._outdated += 1  # what has ended was told of for the last time
        due = parts.timing.due_at(now, self._revision())
        if due is not None and due <= now:
            self._report(now)
        self._tell_health()

    def _event(self, event: Event, source: Source) -> None:
        self._parts.looks.event(event, time.monotonic(), source)

    def _revision(self) -> tuple[int, int, int]:
        cluster = self._parts.cluster
        return self._parts.inventory.revision, cluster.revision if cluster else 0, self._outdated

    def _report(self, now: float) -> None:
        """Make a report, unless the cluster does not say yet what is deployed."""
        parts = self._parts
        parts.inventory.own_gaps(tuple(self._own_gaps()))
        revision = self._revision()
        parts.timing.made(now, revision)
        at = time.time()
        if parts.cluster is None:
            batch = parts.inventory.batch(at)
        elif parts.cluster.state.synced:
            # With those that ended since the last report: a Job of one second was deployed, too.
            pods = parts.cluster.deployed(self._reported_at)
            if len(pods) > len(parts.cluster.deployed()):
                self._lingering = at
            batch = parts.inventory.batch(at, pods, parts.cluster.place)
        else:
            return
        parts.reporter.offer(batch)

    def _own_gaps(self) -> Iterator[Gap]:
        parts = self._parts
        lost = parts.noticing.lost if parts.noticing else 0
        if lost:
            yield Gap("", "events lost", f"{lost} so far; living processes were looked for")
        if parts.schedule.dropped:
            yield Gap("", "too many processes", f"{parts.schedule.dropped} were left out so far")
        if parts.cluster:
            yield from parts.cluster.gaps()

    def _end(self) -> None:
        """Take all down: nothing of ours stays behind."""
        parts = self._parts
        if self._command:
            self._command.terminate()
        parts.link.close()
        if parts.timing.is_news(self._revision()):
            self._report(time.monotonic())
        seconds = TOLD_SECONDS if self._told else DONE_SECONDS
        if not parts.reporter.close(seconds):
            state = parts.reporter.state
            LOGGER.warning("the last report was not accepted: %s", state.trouble or "no answer")
        if parts.noticing:
            parts.noticing.close()
        if parts.cluster:
            parts.cluster.close()
        if parts.server:
            parts.server.close()

    def _tell_health(self) -> None:
        """What /healthz and /readyz answer from now on."""
        parts, health = self._parts, self._parts.health
        health.beat()
        state = parts.reporter.state
        if state.trouble or state.accepted_at is None:
            health.failed("sink", state.trouble or "no report was accepted yet", state.help)
        else:
            health.ready("sink")
        if parts.noticing:
            health.ready("probes", parts.noticing.reason)
        if parts.cluster:
            kube = parts.cluster.state
            if kube.synced and not kube.trouble:
                health.ready("kube")
            else:
                health.failed("kube", kube.trouble or "not all pods are known yet", kube.help)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Hear signals; each of them wakes the loop."""
        handlers = {
            signal.SIGTERM: self._on_term,
            signal.SIGINT: self._on_interrupt,
            signal.SIGCHLD: self._on_child,
        }
        before = {number: signal.signal(number, each) for number, each in handlers.items()}
        fd = signal.set_wakeup_fd(self._parts.wake.write_end, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(fd)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_term(self, _number: int, _frame: FrameType | None) -> None:
        self._told += 1

    def _on_interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self._interrupted += 1
        # A terminal sends the first one to the command as well.
        if self._parts.start is None or self._interrupted > 1:
            self._told += 1

    def _on_child(self, _number: int, _frame: FrameType | None) -> None:
        """A child has ended: the wakeup is all that is needed."""
