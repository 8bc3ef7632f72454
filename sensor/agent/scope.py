"""Which processes are ours to read: those of containers, of the host, or of one family.

Reads /proc/PID/stat and cgroup names; a process that is not ours is never opened.
"""

from __future__ import annotations

import errno
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from sensor import containers
from sensor.errors import NotPermitted, ProcessGone
from sensor.host.procfs import parse_stat
from sensor.model.container import UNKNOWN
from sensor.model.process import ProcessKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sensor.model.container import Container

# /proc/PID/stat is one line of 52 numbers and a name of 64 bytes at most (proc_pid_stat(5)).
MAX_STAT: Final = 4096
# Parents that are walked up from a new process. Shells in shells in make are ten deep.
MAX_PARENTS: Final = 64
# How often it is asked whether anybody still lives: a look at one takes 15 µs.
ASK_SECONDS: Final = 0.5
# Fields of /proc/PID/stat after the name, counted from the state: ppid is field 4.
_PARENT: Final = 1


@dataclass(frozen=True, slots=True)
class Life:
    """A living process: which life of its pid, and its parent's pid."""

    key: ProcessKey
    parent: int


def life(pid: int) -> Life | None:
    """The present life of a pid; None when it is gone, a zombie or a thread of the kernel."""
    try:
        with Path(f"/proc/{pid}/stat").open("rb") as file:
            raw = file.read(MAX_STAT)
        stat = parse_stat(raw)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ESRCH, errno.EACCES, errno.EPERM}:
            return None
        raise
    if stat.dead or stat.kernel_thread:
        return None
    parent = int(raw[raw.rindex(b")") + 2 :].split()[_PARENT])
    return Life(ProcessKey(pid, stat.start_ticks), parent)


def age(key: ProcessKey) -> float:
    """Seconds since the process began (not its program)."""
    began = key.start_ticks / os.sysconf("SC_CLK_TCK")
    return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - began)


def container_of(pid: int) -> Container:
    """Its container, `UNKNOWN` when that is hidden from us. Raises ProcessGone."""
    try:
        return containers.of_pid(pid)
    except NotPermitted:
        return UNKNOWN


class Scope(Protocol):
    """Which processes are ours."""

    def sees(self, key: ProcessKey) -> bool:
        """Whether it may be one of ours: asked once, when it is first heard of."""

    def admits(self, container: Container) -> bool:
        """Whether a process of this container is ours to read: asked before each look."""

    def ended(self, key: ProcessKey) -> None:
        """It is no more."""

    def is_over(self) -> bool:
        """Whether nothing that is ours will come any more."""


class Everything:
    """All containers that `wanted` admits; the host only if asked for."""

    def __init__(
        self, *, host: bool, wanted: Callable[[Container], bool] = lambda box: box.certain
    ) -> None:
        """`wanted` is asked for containers, also for one that is not certain."""
        self._host = host
        self._wanted = wanted

    def sees(self, key: ProcessKey) -> bool:
        """All of them: a process may still be moved into its container."""
        return key.pid > 0

    def admits(self, container: Container) -> bool:
        """See `Scope.admits`. Where a host process belongs must be certain."""
        if container.id is None:
            return self._host and container.certain
        return self._wanted(container)

    def ended(self, key: ProcessKey) -> None:
        """Nothing is kept of it."""

    def is_over(self) -> bool:
        """Never."""
        return False


class Family:
    """Some processes and their descendants, wherever they run.

    A descendant is found by the parents that live when it is first heard of, so one whose parents
    ended at once (a daemon that forks twice) can be missed.
    """

    def __init__(self, roots: Iterable[int] = ()) -> None:
        """Begin with these. Raises ProcessGone when one does not live."""
        self._members: dict[int, ProcessKey] = {}
        self._asked_at = 0.0
        for pid in roots:
            self.add(pid)

    def add(self, pid: int) -> None:
        """One more to begin with. Raises ProcessGone."""
        found = life(pid)
        if found is None:
            raise ProcessGone(f"no process {pid}")
        self._members[pid] = found.key

    def sees(self, key: ProcessKey) -> bool:
        """See `Scope.sees`."""
        pid = key.pid
        walked: list[ProcessKey] = []
        for _ in range(MAX_PARENTS):
            found = life(pid)
            if found is None:
                return False
            if self._members.get(pid) == found.key:
                self._members |= {one.pid: one for one in walked}
                return True
            walked.append(found.key)
            pid = found.parent
        return False

    def admits(self, container: Container) -> bool:  # noqa: ARG002 - whatever its container is
        """See `Scope.admits`: they were asked for by name."""
        return True

    def ended(self, key: ProcessKey) -> None:
        """See `Scope.ended`."""
        if self._members.get(key.pid) == key:
            del self._members[key.pid]

    def is_over(self) -> bool:
        """See `Scope.is_over`: all of them have ended. Looks twice a second at most."""
        if self._members and time.monotonic() < self._asked_at + ASK_SECONDS:
            return False
        self._asked_at = time.monotonic()
        return not any(self._lives(key) for key in list(self._members.values()))

    def _lives(self, key: ProcessKey) -> bool:
        found = life(key.pid)
        if found is not None and found.key == key:
            return True
        del self._members[key.pid]
        return False
