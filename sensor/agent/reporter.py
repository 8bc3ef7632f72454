"""The thread that hands reports to the sink. One waits at most: the newest state replaces it.

Nothing is lost while the process lives, though nothing is stored: every report is the whole state,
and until one is accepted the inventory keeps what is gone.
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sensor import log
from sensor.report.sink import Rejected, Retry

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensor.errors import SensorError
    from sensor.model.batch import Batch
    from sensor.report.sink import Sink

# After a failure: first, and at most. After a rejection a person must do something first.
RETRY_SECONDS: Final = 2.0
MOST_RETRY_SECONDS: Final = 300.0
REJECTED_SECONDS: Final = 60.0
MOST_REJECTED_SECONDS: Final = 900.0
# Of each wait, so that a thousand agents that failed together do not come back together.
JITTER: Final = 0.3
LOGGER: Final = log.logger(__name__)


@dataclass(frozen=True, slots=True)
class SinkState:
    """How it stands: when a report was accepted last (epoch), and what is the matter now ("").

    `help` is the next step for a person.
    """

    accepted_at: float | None = None
    trouble: str = ""
    help: str = ""


class Reporter:
    """Takes reports from the loop; tells it by `woken` when one was accepted."""

    def __init__(
        self,
        sink: Sink,
        woken: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
        chance: random.Random | None = None,
    ) -> None:
        """Nothing is sent before `start`."""
        self.state = SinkState()
        self._sink = sink
        self._woken = woken
        self._clock = clock
        self._chance = chance or random.Random()  # noqa: S311 - only to spread waits
        self._condition = threading.Condition()
        self._pending: Batch | None = None
        self._accepted: Batch | None = None
        self._not_before = 0.0
        self._failures = 0
        self._ending = False
        self.reader_left = False
        # A daemon: a send that hangs must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name="reporter", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def idle(self) -> bool:
        """Whether everything that was offered is accepted."""
        with self._condition:
            return self._pending is None

    def offer(self, batch: Batch) -> None:
        """Here is the newest state."""
        with self._condition:
            self._pending = batch
            self._condition.notify_all()

    def accepted(self) -> Batch | None:
        """The newest report that was accepted since the last question."""
        with self._condition:
            batch, self._accepted = self._accepted, None
        return batch

    def close(self, seconds: float) -> bool:
        """Try what is pending once more, at once; whether all of it was accepted in that time."""
        with self._condition:
            self._ending = True
            self._condition.notify_all()
        self._thread.join(seconds)
        if self._thread.is_alive():
            return False
        return self.idle

    def _run(self) -> None:
        try:
            while self._wait():
                self._send()
            if not self.reader_left:
                self._send()  # the last try
        finally:
            self._sink.close()

    def _wait(self) -> bool:
        """Wait until there is a report and its time has come; False: it is over."""
        with self._condition:
            while not self._ending:
                wait = self._not_before - self._clock()
                if self._pending is not None and wait <= 0:
                    return True
                self._condition.wait(wait if self._pending is not None else None)
        return False

    def _send(self) -> None:
        """Try the report that waits, if there is one."""
        batch = self._pending
        if batch is None:
            return
        try:
            self._sink.send(batch)
        except Retry as error:
            self._failed(error, RETRY_SECONDS, MOST_RETRY_SECONDS, error.after or 0.0)
        except Rejected as error:
            self._failed(error, REJECTED_SECONDS, MOST_REJECTED_SECONDS, 0.0)
        except BrokenPipeError:
            self.reader_left = self._ending = True
            self._woken()
        except Exception as error:
            LOGGER.exception("a sink broke")
            broken = Retry(f"{self._sink.name}: {type(error).__name__}")
            self._failed(broken, RETRY_SECONDS, MOST_RETRY_SECONDS, 0.0)
        else:
            self._worked(batch)

    def _worked(self, batch: Batch) -> None:
        if self.state.trouble:
            LOGGER.info("reports are accepted again", extra=log.fields(sink=self._sink.name))
        LOGGER.debug("report accepted", extra=log.fields(sink=self._sink.name, at=batch.at))
        self.state = SinkState(batch.at)
        with self._condition:
            self._accepted, self._failures = batch, 0
            if self._pending is batch:
                self._pending = None
        self._woken()

    def _failed(self, error: SensorError, first: float, most: float, least: float) -> None:
        """Wait longer each time, and at least as long as was asked for."""
        wait = max(min(first * 2**self._failures, most), least)
        wait *= 1 + self._chance.uniform(0, JITTER)
        if str(error) != self.state.trouble:
            details = log.fields(sink=self._sink.name, help=error.help, wait=round(wait, 1))
            LOGGER.warning("report not accepted: %s", error, extra=details)
        self.state = SinkState(self.state.accepted_at, str(error), error.help)
        with self._condition:
            self._failures = min(self._failures + 1, 16)
            self._not_before = self._clock() + wait
