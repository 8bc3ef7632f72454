"""The scan probe: looks at /proc on a timer. Works everywhere, and needs no right at all.

At its first look every process that lives is EXEC; later each that is new, or that runs another
program (`stat.Stat.program`), is EXEC, and each that is gone is EXIT. What starts and ends between
two looks is not seen, and nothing tells of it. Threads of the kernel and zombies are left out.
Reads one short file for each process, and nothing of a workload.
"""

from __future__ import annotations

import os
import time
from collections import deque
from typing import TYPE_CHECKING

from probes import stat
from probes.errors import KernelLacks
from probes.event import Event, Kind
from probes.probe import Missing
from probes.stat import PROC
from probes.timer import Timer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# One file takes 15 µs: a node with 1,000 processes costs 0.3 percent of a processor.
SCAN_SECONDS = 5.0
# A full node has a few thousand; each takes 200 bytes here. Those beyond are counted as lost.
MAX_PROCESSES = 32_768


class ScanProbe:
    """A probe (`probes.probe.Probe`) that sees processes which live for longer than its period."""

    name = "scan"

    def __init__(self, seconds: float = SCAN_SECONDS, proc: Path = PROC) -> None:
        """Prepare to look every so many seconds at this /proc."""
        self._seconds = seconds
        self._proc = proc
        self._timer: Timer | None = None
        self._known: dict[int, stat.Stat] = {}
        self._waiting: deque[Event] = deque()
        self._lost = 0

    def check(self) -> Missing | None:
        """See whether /proc shows our own process."""
        try:
            self._require_proc()
        except KernelLacks as error:
            return Missing(f"{self.name}: {error}", "Mount the proc file system of the host.")
        return None

    def start(self) -> None:
        """Look for the first time. Raises KernelLacks when there is no /proc."""
        if self._timer is not None:
            raise ValueError("the probe is started already")
        self._require_proc()
        self._timer = Timer(self._seconds)
        self.look()

    def fileno(self) -> int:
        """Return a descriptor that is readable when the next look is due."""
        return self._started().fileno()

    def drain(self, handle: Callable[[Event], None], limit: int) -> int:
        """Look if it is time; give at most `limit` events to `handle`; return how many."""
        if self._started().due():
            self.look()
        count = 0
        while self._waiting and count < limit:
            count += 1
            handle(self._waiting.popleft())
        return count

    def look(self) -> None:
        """Look now: after another probe has lost events this finds what they would have told."""
        now = time.time()
        seen = self._processes()
        for pid, old in self._known.items():
            if pid not in seen or seen[pid].start_ticks != old.start_ticks:
                self._waiting.append(Event(Kind.EXIT, pid, old.start_ticks, at=now))
        for pid, new in seen.items():
            if self._known.get(pid) != new:
                self._waiting.append(Event(Kind.EXEC, pid, new.start_ticks, at=now))
        self._known = seen

    def lost(self) -> int:
        """Return how many processes were left out because there were too many at once."""
        return self._lost

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.close()
            self._timer = None

    def _started(self) -> Timer:
        if self._timer is None:
            raise ValueError("the probe is not started")
        return self._timer

    def _require_proc(self) -> None:
        if not (self._proc / "self").exists():
            raise KernelLacks(f"{self._proc} is no proc file system")

    def _processes(self) -> dict[int, stat.Stat]:
        """Every process that runs a program, by pid; lower numbers first if there are too many."""
        with os.scandir(self._proc) as entries:
            pids = sorted(int(entry.name) for entry in entries if entry.name.isdecimal())
        self._lost += len(pids[MAX_PROCESSES:])
        found = ((pid, stat.read(pid, self._proc)) for pid in pids[:MAX_PROCESSES])
        return {pid: each for pid, each in found if each and each.alive and not each.kernel}
