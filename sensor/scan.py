"""The loop of a scan: pids → containers → looks → one `Seen` for each process, as it is read.

It says nothing to anybody: what is printed, and how, is the work of `report` and `cli`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from sensor import containers
from sensor.errors import NoSuchContainer, NotPermitted, ProcessGone, SensorError, UsageError
from sensor.host.cache import FileCache
from sensor.host.procfs import parse_stat
from sensor.look import look_until_done
from sensor.model.container import UNKNOWN
from sensor.model.finding import Gap
from sensor.model.seen import Outcome, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sensor.host.seam import Cache, Opener, Process
    from sensor.look import Look
    from sensor.model.container import Container
    from sensor.model.process import ProcessKey
    from sensor.resolvers.resolver import Resolver

# /proc/PID/stat is one line of 52 numbers and a name of 64 bytes at most (proc_pid_stat(5)).
MAX_STAT = 4096
# So many container ids are named in the error about a prefix that fits several.
NAMED = 3


@dataclass(slots=True)
class Scanner:
    """Reads processes one after the other, with one cache for all: equal files are parsed once.

    `between` runs after each slice of work (at most 250 ms): for progress.
    """

    opener: Opener
    resolvers: tuple[Resolver, ...]
    cache: Cache = field(default_factory=FileCache)
    between: Callable[[], None] = lambda: None

    def scan(self, pids: Iterable[int]) -> Iterator[Seen]:
        """Each process in turn. What it does to us costs its own answer only, never the scan."""
        for pid in pids:
            yield self.look(pid)

    def look(self, pid: int) -> Seen:
        """One process. Never raises for what can happen to a process: the outcome says it."""
        try:
            return self._read(pid)
        except ProcessGone as error:
            return _unread(pid, Outcome.ENDED, "process ended", str(error))
        except NotPermitted as error:
            return _unread(pid, Outcome.NOT_PERMITTED, "not permitted", str(error))
        except (SensorError, OSError) as error:
            detail = f"{type(error).__name__}: {error}"
            return _unread(pid, Outcome.FAILED, "process not read", detail)

    def _read(self, pid: int) -> Seen:
        # The key comes first and is verified last, so the container is that of the same life.
        key = self.opener.key(pid)
        container = containers.of_pid(pid)
        noting = Noting(self.opener)
        result = look_until_done(noting, key, self.resolvers, self.cache, self.between)
        return seen_of(result, noting, container, _doubts(container))


class Noting:
    """An Opener that notes what program each process runs, on the way through."""

    def __init__(self, inner: Opener) -> None:
        """Open by `inner`."""
        self._inner = inner
        self.exe = ""
        self.script = ""

    def key(self, pid: int) -> ProcessKey:
        """The present life of a pid. Raises ProcessGone."""
        return self._inner.key(pid)

    def open_process(self, key: ProcessKey) -> Process:
        """Open it. Raises ProcessGone, NotPermitted."""
        process = self._inner.open_process(key)
        try:
            self.exe, self.script = process.exe, process.arguments.script
        except BaseException:
            process.close()
            raise
        return process


def seen_of(
    result: Look, noted: Noting, container: Container = UNKNOWN, gaps: tuple[Gap, ...] = ()
) -> Seen:
    """What one finished look says about a process; without a container: a recorded one."""
    pid, ticks = result.key.pid, result.key.start_ticks
    if result.gone:
        gap = Gap("", "process ended", "it ended, or became another program, while we looked")
        return Seen(pid, ticks, Outcome.ENDED, container, noted.exe, noted.script, gaps=(gap,))
    found = result.findings
    return Seen(pid, ticks, Outcome.READ, container, noted.exe, noted.script, found, gaps)


def _doubts(container: Container) -> tuple[Gap, ...]:
    if container.certain:
        return ()
    detail = "its cgroup path is hidden from us, or too long to be read"
    if container.id:
        detail = f"its cgroup path is cut off; perhaps {container.id}"
    return (Gap("", "container not known", detail),)


def _unread(pid: int, outcome: Outcome, reason: str, detail: str) -> Seen:
    return Seen(pid, None, outcome, gaps=(Gap("", reason, detail),))


def living() -> list[int]:
    """The pids of all processes we may see, without ourselves and those without a program."""
    return [pid for pid in psutil.pids() if pid != os.getpid() and has_program(pid)]


def has_program(pid: int) -> bool:
    """False for kernel threads and zombies; True when it cannot be told."""
    try:
        with Path(f"/proc/{pid}/stat").open("rb") as file:
            stat = parse_stat(file.read(MAX_STAT))
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return True  # the look will say what is the matter with it
    return not (stat.kernel_thread or stat.dead)


def of_container(prefix: str, pids: Iterable[int]) -> list[int]:
    """The processes among `pids` whose container id begins with `prefix`.

    Raises NoSuchContainer when there is none, UsageError when the prefix fits several containers.
    """
    members: dict[str, list[int]] = {}
    for pid in pids:
        container = _container(pid)
        if container.certain and container.id and container.id.startswith(prefix):
            members.setdefault(container.id, []).append(pid)
    if not members:
        raise NoSuchContainer(f"no process of a container {prefix}")
    if len(members) > 1:
        some = ", ".join(sorted(members)[:NAMED])
        raise UsageError(f"{len(members)} containers begin with {prefix}: {some}")
    return next(iter(members.values()))


def _container(pid: int) -> Container:
    try:
        return containers.of_pid(pid)
    except (ProcessGone, NotPermitted):  # it cannot be chosen by its container
        return UNKNOWN


@dataclass(frozen=True, slots=True)
class Cost:
    """What this process has used so far: seconds of CPU, bytes of memory resident now."""

    cpu_seconds: float
    rss_bytes: int


def cost() -> Cost:
    """Measure ourselves."""
    us = psutil.Process()
    times = us.cpu_times()
    return Cost(times.user + times.system, us.memory_info().rss)
