"""The agent's end of the worker: starts it, asks it for looks, replaces it, survives it.

One look at a time. The worker is started when there is something to ask, and ended when nothing was
for a while, after so many looks, or when it has grown. When it crashes or hangs, the look that it
had in hand is answered as "crash" or "timeout", and the next one gets a new worker.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sensor import __version__, log
from sensor.errors import Malformed
from sensor.model.finding import Finding
from sensor.workerwire import Head, Message, Unpacker, pack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensor.model.process import ProcessKey

# A slice is 250 ms of work; at a tenth of a core that is 2.5 s. Twelve is a hang.
DEADLINE_SECONDS: Final = 12.0
# A new worker costs 40 ms of CPU and its cache; an idle one 18 MiB.
IDLE_SECONDS: Final = 20.0
# A heap that is full of holes stays large: 200 MB are kept by one object in a thousand.
MOST_LOOKS: Final = 2000
MOST_RESIDENT: Final = 160 << 20
# One that was told to end and does not is killed after this.
END_SECONDS: Final = 1.0
# After a worker that never said hello the next is tried later, up to this.
MOST_WAIT: Final = 60.0
CHUNK: Final = 1 << 18
# glibc gives memory back by itself with these (its own thresholds rise with use): 5 MiB measured.
MALLOC: Final = {"MALLOC_TRIM_THRESHOLD_": "131072", "MALLOC_MMAP_THRESHOLD_": "131072"}
# What a Python that is not installed by the system may need to start; no secret is ever in it.
KEPT_VARIABLES: Final = ("LD_LIBRARY_PATH",)
LOGGER: Final = log.logger(__name__)


@dataclass(frozen=True, slots=True)
class LookRequest:
    """One slice to do. `only` are the resolvers to go on with (None: all); `memos` as given."""

    key: ProcessKey
    only: tuple[str, ...] | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    memos: bytes = b""
    last: bool = False

    def head(self) -> Head:
        """The head of its frame."""
        return {
            "pid": self.key.pid,
            "start_ticks": self.key.start_ticks,
            "only": self.only,
            "digests": dict(self.digests),
            "last": self.last,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request; see `worker` for the fields.

    `outcome` is "read", "gone", "not_permitted" or "failed"; "crash" and "timeout" when the worker
    was lost over it, "no_worker" when none could be started. `cpu` is in seconds.
    """

    key: ProcessKey
    outcome: str
    detail: str = ""
    changed: bool = False
    findings: Mapping[str, Finding] = field(default_factory=dict)
    same: frozenset[str] = frozenset()
    more: tuple[str, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    memos: bytes = b""
    cpu: float = 0.0


class _Worker:
    """One started worker."""

    def __init__(self) -> None:
        """Start it. Raises OSError when the machine cannot."""
        self.socket, theirs = socket.socketpair()
        try:
            with theirs:
                self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
                    command(),
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    env=environment(),
                    cwd="/",
                    start_new_session=True,
                )
        except BaseException:
            self.socket.close()
            raise
        self.unpacker = Unpacker()
        self.greeted = False
        self.looks = 0
        self.cpu = 0.0
        self.rss = 0


class WorkerLink:
    """Asks for looks. `clock` values are seconds that only grow."""

    def __init__(self, *, most_looks: int = MOST_LOOKS, most_resident: int = MOST_RESIDENT) -> None:
        """Nothing is started yet; the bounds say when a worker is replaced."""
        self._most_looks = most_looks
        self._most_resident = most_resident
        self._worker: _Worker | None = None
        self._asked: LookRequest | None = None
        self._deadline = 0.0
        self._used = 0.0
        self._ending: list[tuple[subprocess.Popen[bytes], float]] = []
        self._failed_starts = 0
        self._not_before = 0.0
        self.started = self.replaced = 0

    @property
    def busy(self) -> bool:
        """Whether a look is in hand."""
        return self._asked is not None

    @property
    def pids(self) -> set[int]:
        """Our own workers, which are nothing to look at."""
        living = [process.pid for process, _ in self._ending]
        return {*living, self._worker.process.pid} if self._worker else set(living)

    def fileno(self) -> int | None:
        """A descriptor that is readable when `take` has something; None without a worker."""
        return self._worker.socket.fileno() if self._worker else None

    def ready_at(self) -> float:
        """Until then nothing can be asked: a worker did not start."""
        return self._not_before

    def wake_at(self) -> float | None:
        """When `take` or `tidy` has something to do, even if nothing is readable."""
        times = [at for _, at in self._ending]
        if self._asked:
            times.append(self._deadline)
        elif self._worker:
            times.append(self._used + IDLE_SECONDS)
        return min(times, default=None)

    def ask(self, request: LookRequest, now: float) -> Answer | None:
        """Send a request, with a worker started for it if there is none. An Answer is a failure."""
        self._asked = request
        self._deadline = now + DEADLINE_SECONDS
        try:
            if self._worker is None:
                self._worker = _Worker()
                self.started += 1
            self._worker.socket.settimeout(DEADLINE_SECONDS)
            self._worker.socket.sendall(pack(request.head(), request.memos))
        except (OSError, Malformed) as error:
            return self._lost("crash", f"{type(error).__name__}: {error}", now)
        return None

    def take(self, now: float) -> Answer | None:
        """The answer, if it is there; "crash" or "timeout" when it never will be."""
        worker = self._worker
        if worker is None:
            return None
        try:
            for message in worker.unpacker.feed(_received(worker.socket)):
                answer = self._understood(worker, message, now)
                if answer:
                    return answer
        except (EOFError, ConnectionResetError):
            return self._lost("crash", "", now)
        except (Malformed, KeyError, TypeError, ValueError, OSError) as error:
            return self._lost("crash", f"not understood: {type(error).__name__}", now)
        if self._asked and now >= self._deadline:
            return self._lost("timeout", f"no answer in {DEADLINE_SECONDS:.0f} s", now)
        return None

    def tidy(self, now: float) -> None:
        """End an idle worker, and see to those that were told to end."""
        if self._worker and not self._asked and now >= self._used + IDLE_SECONDS:
            self._retire(now)
        still = []
        for process, at in self._ending:
            if process.poll() is None:
                if now >= at:
                    process.kill()  # it may hang in the kernel: it is never waited for here
                still.append((process, at if now < at else now + END_SECONDS))
        self._ending = still

    def close(self) -> None:
        """End all workers, a busy one at once."""
        if self._worker:
            self._worker.socket.close()
            if self._asked:
                self._worker.process.kill()
            self._ending.append((self._worker.process, 0.0))
        self._worker = self._asked = None
        for process, _ in self._ending:
            if not _ended(process):
                process.kill()
                _ended(process)
        self._ending = []

    def _understood(self, worker: _Worker, message: Message, now: float) -> Answer | None:
        head = message.head
        if not worker.greeted:
            if head["hello"] != __version__:
                return self._lost("crash", f"the worker is of version {head['hello']}", now)
            worker.greeted = True
            worker.cpu = float(head["cpu"])
            self._failed_starts = 0
            return None
        if self._asked is None:
            raise Malformed("an answer to nothing")
        answer = _answer(self._asked, head, message.blob, worker.cpu)
        worker.cpu, worker.looks, worker.rss = 0.0, worker.looks + 1, int(head["rss"])
        self._asked, self._used = None, now
        if worker.looks >= self._most_looks or worker.rss > self._most_resident:
            self._retire(now)
            self.replaced += 1
        return answer

    def _retire(self, now: float) -> None:
        """Let it end: it does so when its socket is closed."""
        if self._worker is None:
            return
        details = log.fields(looks=self._worker.looks, rss=self._worker.rss)
        LOGGER.debug("worker ends", extra=details)
        self._worker.socket.close()
        self._ending.append((self._worker.process, now + END_SECONDS))
        self._worker = None

    def _lost(self, outcome: str, detail: str, now: float) -> Answer | None:
        """Give up the worker, and answer for it if it was asked."""
        asked, worker = self._asked, self._worker
        self._worker = self._asked = None
        if worker:
            worker.socket.close()
            detail = detail or _how_it_ended(worker.process)
            worker.process.kill()
            self._ending.append((worker.process, now))
        if worker is None or not worker.greeted:
            self._failed_starts += 1
            self._not_before = now + min(MOST_WAIT, 2.0 ** (self._failed_starts - 1))
            outcome = "no_worker"
        LOGGER.warning("worker lost", extra=log.fields(outcome=outcome, detail=detail))
        return Answer(asked.key, outcome, detail) if asked else None


def _received(link: socket.socket) -> bytes:
    """What is there to read, a bounded part of it. Raises EOFError at the end of the stream."""
    link.setblocking(False)
    try:
        data = link.recv(CHUNK)
    except BlockingIOError:
        return b""
    if not data:
        raise EOFError
    return data


def _ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return True


def _how_it_ended(process: subprocess.Popen[bytes]) -> str:
    """In words, for one whose socket is closed."""
    if not _ended(process):
        return "the worker closed its socket"
    code = process.returncode
    return (
        f"the worker was ended by signal {-code}" if code < 0 else f"the worker ended with {code}"
    )


def _answer(asked: LookRequest, head: Head, memos: bytes, cpu: float) -> Answer:
    return Answer(
        asked.key,
        str(head["outcome"]),
        str(head["detail"]),
        bool(head["changed"]),
        {name: Finding.from_plain(plain) for name, plain in head["findings"].items()},
        frozenset(head["same"]),
        tuple(head["more"]),
        dict(head["digests"]),
        memos,
        float(head["cpu"]) + cpu,
    )


def command() -> list[str]:
    """How a worker is started: isolated from this environment, with the places we import from."""
    ours = str(Path(__file__).resolve().parents[1])
    places = [ours, *(place for place in sys.path if place.startswith("/") and place != ours)]
    program = (
        f"import sys; sys.path += [p for p in {places!r} if p not in sys.path]; "
        "from sensor.worker import main; sys.exit(main())"
    )
    return [sys.executable, "-I", "-c", program]


def environment() -> dict[str, str]:
    """All that a worker gets of our environment."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return {**MALLOC, **kept}
