"""Events of probes become looks, and answers of the worker become knowledge.

Owns the schedule, the link to the worker and what is remembered of each process between two looks.
Everything here runs in the thread of the loop; it waits for nothing.
"""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from probes.event import Event, Kind
from sensor import log
from sensor.agent import scope as scopes
from sensor.errors import ProcessGone
from sensor.look import MAX_SLICES
from sensor.model.container import UNKNOWN
from sensor.model.finding import Gap
from sensor.model.process import ProcessKey
from sensor.workerlink import LookRequest

if TYPE_CHECKING:
    from sensor.agent.scope import Scope
    from sensor.inventory import Inventory
    from sensor.model.container import Container
    from sensor.schedule import Schedule
    from sensor.workerlink import Answer, WorkerLink

# Packed memos of all processes: 2 KB each for ordinary programs. Without its memo the next look
# at a process costs as much as the first one.
MAX_MEMOS: Final = 16 << 20
# How outcomes are called in gaps; "read" and "gone" are none.
REASONS: Final = {
    "not_permitted": "not permitted",
    "failed": "process not read",
    "crash": "crash",
    "timeout": "timeout",
    "no_worker": "no worker",
}
NOT_KNOWN: Final = Gap("", "container not known", "its cgroup path is hidden from us, or too long")
LOGGER: Final = log.logger(__name__)


class Source(Enum):
    """Where an event comes from.

    KERNEL: it was told when it happened. SCAN: it was found some time later, and there is nobody
    better. SWEEP: it was found beside the kernel's events, and is news only if those missed it.
    """

    KERNEL = "kernel"
    SCAN = "scan"
    SWEEP = "sweep"


@dataclass(slots=True)
class _Watched:
    """What is remembered of one process; `only` are the resolvers that are not done yet."""

    container: Container = UNKNOWN
    memos: bytes = b""
    digests: dict[str, str] = field(default_factory=dict)
    only: tuple[str, ...] | None = None
    slices: int = 0
    changed: bool = False


class Looks:
    """The processes that are ours, from their first event to their end."""

    def __init__(
        self, schedule: Schedule, link: WorkerLink, inventory: Inventory, scope: Scope
    ) -> None:
        """Begin with nobody."""
        self._schedule = schedule
        self._link = link
        self._inventory = inventory
        self._scope = scope
        self._watched: dict[ProcessKey, _Watched] = {}
        self._deferred: OrderedDict[ProcessKey, Container] = OrderedDict()
        self._in_hand: tuple[LookRequest, Container] | None = None
        self._memo_bytes = 0
        self.foreign = 0
        self.done = 0

    def event(self, event: Event, now: float, source: Source) -> None:
        """Something happened, or was found."""
        if event.pid is None or event.start_ticks is None:
            self.foreign += 1
            return
        key = ProcessKey(event.pid, event.start_ticks)
        if event.kind is Kind.EXIT:
            self.ended(key)
        elif event.kind is Kind.EXEC and (source is not Source.SWEEP or key not in self._schedule):
            self.started(key, now, event.at if source is Source.KERNEL else None)

    def started(self, key: ProcessKey, now: float, at: float | None = None) -> None:
        """A process runs a program since `at` (epoch); None: since its start, or nobody knows."""
        if key.pid == os.getpid() or key.pid in self._link.pids or not self._scope.sees(key):
            return
        if at is not None:
            age = max(0.0, time.time() - at)
        else:
            age = 0.0 if key in self._schedule else scopes.age(key)
        watched = self._watched.setdefault(key, _Watched())
        left_out = self._schedule.started(key, watched.container.id or "", now, age)
        if left_out:
            self.ended(left_out)

    def ended(self, key: ProcessKey) -> None:
        """A process is no more."""
        self._schedule.ended(key)
        self._scope.ended(key)
        self._deferred.pop(key, None)
        watched = self._watched.pop(key, None)
        if watched:
            self._memo_bytes -= len(watched.memos)
            self._inventory.ended(key, time.time())
            LOGGER.debug("process ended", extra=log.fields(pid=key.pid))

    def reconsider(self, now: float) -> None:
        """The cluster has told something new: some that were not ours may be now."""
        for key, container in list(self._deferred.items()):
            if self._scope.admits(container):
                del self._deferred[key]
                self._schedule.hurry(key, now)

    def step(self, now: float) -> None:
        """Take what the worker has answered; ask it for the next look that is due."""
        self._link.tidy(now)
        answer = self._link.take(now)
        if answer:
            self._apply(answer, now)
        while not self._link.busy and now >= self._link.ready_at():
            key = self._schedule.take(now)
            if key is None:
                return
            failed = self._look(key, now)
            if failed:
                self._apply(failed, now)
                return

    def wake_at(self, now: float) -> float | None:
        """When `step` has something to do."""
        times = [self._link.wake_at()]
        if not self._link.busy:
            due = self._schedule.next_at(now)
            times.append(max(due, self._link.ready_at()) if due is not None else None)
        return min((at for at in times if at is not None), default=None)

    def _look(self, key: ProcessKey, now: float) -> Answer | None:
        """Ask the worker, if the process is ours to read."""
        container = self._asked_for(key, now)
        if container is None:
            return None
        watched = self._watched[key]
        request = LookRequest(
            key, watched.only, watched.digests, watched.memos, watched.slices >= MAX_SLICES - 1
        )
        self._in_hand = request, container
        LOGGER.debug("look", extra=log.fields(pid=key.pid, container=container.id))
        return self._link.ask(request, now)

    def _asked_for(self, key: ProcessKey, now: float) -> Container | None:
        """Its container; None when it is gone, or not ours (yet): then that is settled here."""
        try:
            container = scopes.container_of(key.pid)
        except (ProcessGone, OSError):
            container = None
        if container is None:
            self._gone(key, now, 0.0)
            return None
        watched = self._watched[key]
        watched.container = container
        self._schedule.regroup(key, container.id or "")
        if not self._scope.admits(container):
            self._deferred[key] = container
            self._schedule.done(key, now, 0.0, changed=False)
            return None
        self._deferred.pop(key, None)
        return container

    def _apply(self, answer: Answer, now: float) -> None:
        """What an answer means for the inventory and for the schedule."""
        if self._in_hand is None:
            raise ValueError("an answer to nothing")
        (request, container), self._in_hand = self._in_hand, None
        self.done += 1
        if answer.outcome == "read":
            self._read(request, container, answer, now)
        elif answer.outcome == "gone":
            self._gone(answer.key, now, answer.cpu)
        else:
            self._failed(container, answer, now)
        if answer.key not in self._watched:
            # It ended while we looked: what was seen counts, and its end as well.
            self._inventory.ended(answer.key, time.time())

    def _read(self, request: LookRequest, container: Container, answer: Answer, now: float) -> None:
        at = time.time()
        key = answer.key
        if answer.changed:
            self._inventory.became(key)
        if container.certain:
            self._inventory.read(key)
        else:
            self._inventory.trouble(key, container, NOT_KNOWN, at)
        for name, finding in answer.findings.items():
            self._inventory.looked(key, container, name, finding, at)
        self._inventory.still(key, answer.same, at)
        if request.only is None or answer.changed:
            self._inventory.only(key, {*answer.findings, *answer.same, *answer.more})
        watched = self._watched.get(key)
        if watched is None:
            return
        self._remember(watched, answer)
        if answer.more:
            self._schedule.again(key, now, answer.cpu)
            return
        changed, watched.changed = watched.changed, False
        self._schedule.done(key, now, answer.cpu, changed=changed)

    def _remember(self, watched: _Watched, answer: Answer) -> None:
        keep = answer.more or self._memo_bytes + len(answer.memos) <= MAX_MEMOS
        memos = answer.memos if keep else b""
        self._memo_bytes += len(memos) - len(watched.memos)
        watched.memos = memos
        watched.digests |= answer.digests
        watched.changed |= bool(answer.findings)
        watched.only = answer.more or None
        watched.slices = watched.slices + 1 if answer.more else 0

    def _gone(self, key: ProcessKey, now: float, cpu: float) -> None:
        """It has ended, or runs another program now: that one is looked at soon."""
        found = scopes.life(key.pid)
        if found is None or found.key != key:
            self.ended(key)
            self._schedule.done(key, now, cpu, changed=False)  # what it cost
            return
        watched = self._watched.get(key)
        if watched:
            watched.only, watched.slices = None, 0
        self._schedule.failed(key, now, cpu)

    def _failed(self, container: Container, answer: Answer, now: float) -> None:
        """It could not be read. What a crash may have come from is not given to a worker again."""
        gap = Gap("", REASONS[answer.outcome], answer.detail)
        self._inventory.trouble(answer.key, container, gap, time.time())
        LOGGER.debug(
            "process not read",
            extra=log.fields(pid=answer.key.pid, outcome=answer.outcome, detail=answer.detail),
        )
        watched = self._watched.get(answer.key)
        if watched:
            self._memo_bytes -= len(watched.memos)
            watched.memos, watched.digests, watched.only, watched.slices = b"", {}, None, 0
        if answer.outcome == "not_permitted":
            self._schedule.refused(answer.key, now, answer.cpu)
        else:
            self._schedule.failed(answer.key, now, answer.cpu)
