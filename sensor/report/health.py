"""What the agent is able to do now, and why not: the words behind /healthz and /readyz. No I/O.

Live is who still makes turns of the main loop: a container is restarted for nothing else. What a
restart does not mend (no BPF, a wrong token, no API server) makes a sensor not ready, with the
reason and the next step in words.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# A turn of the loop waits for at most some seconds; a node without CPU can be ten times as slow.
STUCK_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class Part:
    """The state of one part of the agent: `reason` in one line, `help` is the next step or ""."""

    ready: bool
    reason: str
    help: str = ""
    since: float = 0.0


class Health:
    """States by part, for any thread. A part that has said nothing yet is not ready."""

    def __init__(
        self,
        parts: Iterable[str],
        clock: Callable[[], float] = time.time,
        turns: Callable[[], float] = time.monotonic,
    ) -> None:
        """Name the parts that have to be ready ("sink", "kube", "probes").

        `clock` tells people since when; `turns` counts seconds, whatever is done to the clock.
        """
        self._clock = clock
        self._lock = threading.Lock()
        self._turns = turns
        self._beat = turns()
        self._parts = {
            name: Part(ready=False, reason="not started yet", since=clock()) for name in parts
        }

    def beat(self) -> None:
        """The main loop has made a turn."""
        with self._lock:
            self._beat = self._turns()

    def ready(self, part: str, reason: str = "ok") -> None:
        """A part works; the reason can say how well ("scan: no BPF here")."""
        self._say(part, Part(ready=True, reason=reason))

    def failed(self, part: str, reason: str, next_step: str = "") -> None:
        """A part does not work. Give no text that holds a secret."""
        self._say(part, Part(ready=False, reason=reason, help=next_step))

    def _say(self, name: str, part: Part) -> None:
        with self._lock:
            old = self._parts.get(name)
            same = old is not None and (old.ready, old.reason) == (part.ready, part.reason)
            since = old.since if old and same else self._clock()
            self._parts[name] = Part(part.ready, part.reason, part.help, since)

    def live(self) -> tuple[bool, dict[str, Any]]:
        """Whether the main loop still turns, and the answer of /healthz."""
        with self._lock:
            silent = self._turns() - self._beat
        alive = silent <= STUCK_SECONDS
        return alive, {"live": alive, "seconds_since_last_turn": round(silent, 1)}

    def readiness(self) -> tuple[bool, dict[str, Any]]:
        """Whether every part works, and the answer of /readyz."""
        with self._lock:
            parts = dict(self._parts)
        ready = all(part.ready for part in parts.values())
        return ready, {"ready": ready, "parts": {name: _plain(one) for name, one in parts.items()}}


def _plain(part: Part) -> dict[str, Any]:
    plain: dict[str, Any] = {"ready": part.ready, "reason": part.reason, "since": part.since}
    return {**plain, "help": part.help} if part.help else plain
