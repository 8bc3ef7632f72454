"""The eBPF probe: two small programs in the kernel tell of every exec and of every exit.

A child loads them (`bpf.handover`); this process keeps descriptors and reads memory. The programs
wake nobody: a timer says when to drain, four times a second, so an exec is known well within a
second of it, at a fixed small cost. Only a ring that fills up to a quarter in between wakes the
reader at once. After the start a child of our own must arrive as /proc shows it, for a program that
is loaded and attached may still never run, or speak of another cgroup hierarchy.
"""

from __future__ import annotations

import mmap
import os
import select
import subprocess
import time
from collections import deque
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ebpf_prebuilt import OBJECT
from probes import hierarchy, records, stat
from probes.bpf import handover, sys
from probes.bpf.counters import Counters
from probes.bpf.ringbuf import RingBuffer
from probes.errors import Malformed, ProbeError, SelfTestFailed
from probes.event import Event, Kind
from probes.probe import Missing
from probes.timer import Timer

if TYPE_CHECKING:
    from collections.abc import Callable

    from probes.bpf.loaded import Loaded

# About 4,000 programs that start and end: at 2,000 a second eight times what one period brings.
RING_BYTES = 1 << 20
DRAIN_SECONDS = 0.25
# Then the reader is woken before its time.
_FULL_SHARE = 4
# Starting and ending one program takes milliseconds; a tenth of a busy processor takes longer.
SELF_TEST_SECONDS = 10
# PROC_PID_INIT_INO in include/linux/proc_ns.h: the first pid namespace, where tgid is the pid.
FIRST_PID_NAMESPACE = 0xEFFFFFFC
_OWN_CGROUP = Path("/proc/self/cgroup")


class EbpfProbe:
    """A probe (`probes.probe.Probe`) that sees every exec and exit, with names."""

    name = "ebpf"

    def __init__(self, ring_bytes: int = RING_BYTES, seconds: float = DRAIN_SECONDS) -> None:
        """Prepare: a ring of so many bytes (a power of two, a page or more), drained so often."""
        self._ring_bytes = max(ring_bytes, mmap.PAGESIZE)
        self._seconds = seconds
        self._open: _Open | None = None
        self._waiting: deque[Event] = deque()
        self._broken = 0
        self._lost_at_end = 0

    def check(self) -> Missing | None:
        """Load, attach, test and take all down again; say what failed."""
        trial = EbpfProbe(self._ring_bytes, self._seconds)
        try:
            trial.start()
        except ProbeError as error:
            return Missing(f"{self.name}: {error}", error.help)
        trial.close()
        return None

    def start(self) -> None:
        """Load, attach and see a child of ours arrive. Raises ProbeError."""
        if self._open is not None:
            raise ValueError("the probe is started already")
        text = _OWN_CGROUP.read_text()
        chosen = hierarchy.choose(text)
        settings = {
            "cfg_cgroup": int(chosen),
            "cfg_pidns": _pid_namespace(),
            "cfg_wakeup": self._ring_bytes // _FULL_SHARE,
        }
        order = handover.Order(str(OBJECT), settings, {"events": self._ring_bytes})
        self._open = _Open(handover.load(order), self._ring_bytes, self._seconds)
        try:
            self._self_test(hierarchy.last_name(text, chosen))
        except BaseException:
            self.close()
            raise

    def fileno(self) -> int:
        """Return a descriptor that is readable when the timer is due or the ring fills up."""
        return self._started().epoll.fileno()

    def drain(self, handle: Callable[[Event], None], limit: int) -> int:
        """Give at most `limit` events to `handle`; return how many."""
        self._started().timer.due()
        if len(self._waiting) < limit:
            self._take(limit - len(self._waiting))
        count = 0
        while self._waiting and count < limit:
            count += 1
            handle(self._waiting.popleft())
        return count

    def lost(self) -> int:
        """Return the events that found the ring full, that no program ran for, or were broken."""
        if self._open is None:
            return self._lost_at_end
        return self._broken + self._open.lost()

    def close(self) -> None:
        """Detach and free everything."""
        if self._open is not None:
            self._lost_at_end = self.lost()
            self._open.close()
            self._open = None

    def _started(self) -> _Open:
        if self._open is None:
            raise ValueError("the probe is not started")
        return self._open

    def _take(self, limit: int) -> None:
        clock = _clock()
        for record in self._started().ring.take(limit):
            try:
                self._waiting.append(records.event(record, clock))
            except Malformed:  # one record; `lost` tells of it
                self._broken += 1

    def _self_test(self, own_name: str | None) -> None:
        """Start a child, and find it among the events. What else arrives is kept for `drain`."""
        self._take(self._ring_bytes)
        # Python that prints its version and ends at once: this file is surely there.
        with subprocess.Popen(["/proc/self/exe", "-V"], stdout=subprocess.DEVNULL) as child:
            # A child that has ended can be read until it is waited for.
            wanted = stat.read(child.pid)
        event = self._arrival(child.pid)
        if event is None:
            raise SelfTestFailed("the programs are attached, but our own child did not arrive")
        if wanted is None or event.start_ticks != wanted.start_ticks:
            raise SelfTestFailed(f"our own child arrived with another start: {event.start_ticks}")
        name = event.cgroup_names[0] if event.cgroup_names else None
        # Nothing to compare at the root of a hierarchy or of a cgroup namespace.
        if own_name is not None and name != own_name:
            raise SelfTestFailed(f"our own child arrived in the cgroup {name}, not {own_name}")

    def _arrival(self, pid: int) -> Event | None:
        deadline = time.monotonic() + SELF_TEST_SECONDS
        while time.monotonic() < deadline:
            self._take(self._ring_bytes)
            for event in self._waiting:
                if event.kind is Kind.EXEC and event.pid == pid:
                    return event
            self._started().epoll.poll(self._seconds)
        return None


class _Open:
    """What is there while the probe is started."""

    def __init__(self, loaded: Loaded, ring_bytes: int, seconds: float) -> None:
        with ExitStack() as undo:
            undo.callback(loaded.close)
            self.ring = RingBuffer(loaded.maps["events"], ring_bytes)
            undo.callback(self.ring.close)
            self._counters = Counters(loaded.maps["lost"])
            undo.callback(self._counters.close)
            self.timer = Timer(seconds)
            undo.callback(self.timer.close)
            self.epoll = select.epoll()
            undo.callback(self.epoll.close)
            self.epoll.register(self.timer, select.EPOLLIN)
            self.epoll.register(loaded.maps["events"], select.EPOLLIN)
            self._loaded, self._missed = loaded, 0
            self._undo = undo.pop_all()

    def lost(self) -> int:
        full = self._counters[records.EXEC] + self._counters[records.EXIT]
        # Rights may be given up after the start, and kernels before 5.19 want CAP_BPF even for this
        # question: then the last answer stays. The counters in memory need no right.
        with suppress(PermissionError):
            self._missed = sum(map(sys.prog_misses, self._loaded.programs.values()))
        return full + self._missed

    def close(self) -> None:
        self._undo.close()


def _clock() -> records.Clock:
    booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return records.Clock(os.sysconf("SC_CLK_TCK"), booted)


def _pid_namespace() -> int:
    """The inode of our pid namespace, 0 for the first one."""
    inode = Path("/proc/self/ns/pid").stat().st_ino
    return 0 if inode == FIRST_PID_NAMESPACE else inode
