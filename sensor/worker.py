"""The worker: looks at processes for the agent, one slice at a time, in an interpreter of its own.

It holds the opener, the cache of files and the resolvers. The agent starts it with a socket as
standard input and nothing else of its own: no environment, no descriptors, no token. What a heap
walk takes goes back to the machine when the worker ends, and a crash costs one look.
The agent's end is `workerlink`, the frames are `workerwire`.

A request is {pid, start_ticks, only, digests, last} with the packed memos as blob:
`only` are the resolvers to go on with (null: all), `digests` what the agent already holds, by
resolver, and `last` says that an unfinished look is to be given up.
The answer is {outcome, detail, changed, findings, same, more, digests, cpu, rss} with the memos:
`findings` are the finished ones that differ from what the agent holds, `same` those that do not,
`more` the resolvers that are not done, `changed` says that it is another program than last time.
"""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import signal
import socket
import sys
import time
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from sensor import __version__
from sensor.errors import NotPermitted, ProcessGone, SensorError
from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.log import where
from sensor.look import Look, Memos, given_up, look
from sensor.model.process import ProcessKey
from sensor.resolvers import RESOLVERS
from sensor.workerwire import Head, Message, Unpacker, pack, squeezed, unsqueezed

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensor.host.seam import Cache, Opener
    from sensor.model.finding import Finding
    from sensor.resolvers.resolver import Resolver

# Over this an allocation fails, and the look with it: it is far above the agent's ceiling of
# resident memory, since files that are mapped count here too, and below the pod's limit of 1 GiB.
MOST_ADDRESS_SPACE: Final = 768 << 20
# The kernel ends the worker before the agent when memory runs out (proc_pid_oom_score_adj(5)).
OOM_SCORE: Final = 500
OOM_SCORE_FILE: Final = Path("/proc/self/oom_score_adj")
# Objects made before the collector looks for cycles among them (gc.set_threshold; Python asks at
# 700). A look makes lists and tuples by the ten thousand, and hardly any cycle: 4 % of its time.
COLLECTED_AFTER: Final = 20_000
# A look that hangs ends the worker, even when the agent is no more. The agent's deadline is less.
ALARM_SECONDS: Final = 30.0
CHUNK: Final = 1 << 16
PAGE: Final = resource.getpagesize()


@dataclass(slots=True)
class Looker:
    """Answers requests, one after the other."""

    opener: Opener
    resolvers: tuple[Resolver, ...]
    cache: Cache = field(default_factory=FileCache)

    def answer(self, request: Message) -> tuple[Head, bytes]:
        """One slice of one look. Never raises for what a process can do."""
        began = time.process_time()
        try:
            head, blob = self._look(request)
        except NotPermitted as error:
            head, blob = _failed("not_permitted", str(error))
        except ProcessGone as error:
            head, blob = _failed("gone", str(error))
        except (SensorError, OSError) as error:
            head, blob = _failed("failed", f"{type(error).__name__}: {error}")
        except Exception as error:  # noqa: BLE001 - a defect costs one look and becomes a gap
            head, blob = _failed("crash", where(error))
        head["cpu"] = time.process_time() - began
        head["rss"] = resident()
        return head, blob

    def _look(self, request: Message) -> tuple[Head, bytes]:
        wanted = request.head
        key = ProcessKey(wanted["pid"], wanted["start_ticks"])
        memos = Memos(**(unsqueezed(request.blob) or {}))
        result = look(self.opener, key, self._chosen(wanted["only"]), self.cache, memos)
        changed = bool(memos.program) and not result.gone and memos.program != result.memos.program
        if changed and wanted["only"] is not None:
            # It became another program between two slices: everyone is asked, from the beginning.
            result = look(self.opener, key, self.resolvers, self.cache)
        if result.gone:
            return _failed("gone", "it ended, or became another program, while we looked")
        part = memos.program and not changed and wanted["only"] is not None
        blob = squeezed(memos.with_part(result.memos) if part else result.memos)
        return _told(result, wanted, changed=changed), blob

    def _chosen(self, only: list[str] | None) -> tuple[Resolver, ...]:
        return tuple(r for r in self.resolvers if only is None or r.name in only)


def _told(result: Look, wanted: Head, *, changed: bool) -> Head:
    found = {
        name: given_up(name, finding) if finding.more and wanted["last"] else finding
        for name, finding in result.findings.items()
    }
    done = {name: _plain(finding) for name, finding in found.items() if not finding.more}
    digests = {name: digest(raw) for name, raw in done.items()}
    same = [name for name, value in digests.items() if wanted["digests"].get(name) == value]
    return {
        "outcome": "read",
        "detail": "",
        "changed": changed,
        "findings": {n: orjson.Fragment(raw) for n, raw in done.items() if n not in same},
        "same": same,
        "more": [name for name, finding in found.items() if finding.more],
        "digests": digests,
    }


def _plain(finding: Finding) -> bytes:
    return orjson.dumps(replace(finding, memo=None))


def digest(raw: bytes) -> str:
    """A short word for equal findings: it saves the agent from reading what it already holds."""
    return f"{len(raw):x}.{zlib.crc32(raw):x}.{zlib.adler32(raw):x}"


def _failed(outcome: str, detail: str) -> tuple[Head, bytes]:
    nothing: Head = {"changed": False, "findings": {}, "same": [], "more": [], "digests": {}}
    return {"outcome": outcome, "detail": detail, **nothing}, b""


def resident() -> int:
    """Bytes of our memory that are resident now (proc_pid_statm(5): the second field, in pages)."""
    return int(Path("/proc/self/statm").read_bytes().split()[1]) * PAGE


def serve(link: socket.socket, answer: Callable[[Message], tuple[Head, bytes]]) -> None:
    """Answer requests until the agent closes its end."""
    link.sendall(pack({"hello": __version__, "cpu": time.process_time()}))
    unpacker = Unpacker()
    while data := link.recv(CHUNK):
        for request in unpacker.feed(data):
            signal.setitimer(signal.ITIMER_REAL, ALARM_SECONDS)
            link.sendall(_packed(*answer(request)))
            signal.setitimer(signal.ITIMER_REAL, 0)


def _packed(head: Head, blob: bytes) -> bytes:
    try:
        return pack(head, blob)
    except SensorError as error:
        failed, _ = _failed("failed", f"its answer is too large: {error}")
        return pack({**failed, "cpu": head["cpu"], "rss": head["rss"]})


def limit_ourselves() -> None:
    """No core file (it would hold memory of workloads), a bound of memory, first to be ended."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = MOST_ADDRESS_SPACE if hard == resource.RLIM_INFINITY else min(MOST_ADDRESS_SPACE, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the agent's to answer
    with contextlib.suppress(PermissionError, FileNotFoundError):  # no such order then
        if int(OOM_SCORE_FILE.read_text()) < OOM_SCORE:
            OOM_SCORE_FILE.write_text(str(OOM_SCORE))


def spare_the_collector() -> None:
    """What is there now stays: it is not walked again; and what comes is walked more seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECTED_AFTER)


def main() -> int:
    """Serve the socket that is our standard input; end when the agent closes it."""
    limit_ourselves()
    spare_the_collector()
    with socket.socket(fileno=os.dup(0)) as link:
        try:
            serve(link, Looker(LocalOpener(), RESOLVERS).answer)
        except (BrokenPipeError, ConnectionResetError):
            return 0  # the agent is gone: there is nobody to tell
    return 0


if __name__ == "__main__":
    sys.exit(main())
