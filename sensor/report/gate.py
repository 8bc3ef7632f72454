"""When the next try may be made. Nobody hammers a receiver, whatever the caller does.

Pure: the clock and the dice are given. While the gate is shut no request is made at all.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

# Seconds. The receiver or the network has trouble: soon again at first, so that a restart of it is
# not noticed, then seldom.
FIRST: Final = 2.0
MOST: Final = 300.0
# It refused us: a person has to change something, so there is no hurry.
REFUSED_FIRST: Final = 60.0
REFUSED_MOST: Final = 900.0
# Snyk answers 429 "until requests stop for the duration of the interval (one minute)" (user docs,
# rate limits of the REST API): a minute of silence, whatever shorter time the answer says.
QUIET: Final = 60.0
# However long a server says that we shall wait.
LONGEST: Final = 3600.0
# 2 ** this is beyond every bound above; counting on would overflow.
MOST_DOUBLINGS: Final = 16


class Gate:
    """Open at first; each failure shuts it for longer, each success opens it."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        dice: Callable[[], float] = random.random,
    ) -> None:
        """Take a clock in seconds, and dice that give numbers from 0 to 1."""
        self._clock = clock
        self._dice = dice
        self._failures = 0
        self._opens_at = float("-inf")

    def remaining(self) -> float:
        """Seconds until the next try; 0 when it is open."""
        return max(0.0, self._opens_at - self._clock())

    def success(self) -> None:
        """A request was accepted."""
        self._failures = 0
        self._opens_at = float("-inf")

    def trouble(self, asked: float | None = None) -> float:
        """The network or the receiver failed, which perhaps `asked` for some seconds of patience.

        Answers how many seconds the gate is shut.
        """
        return self._shut(FIRST, MOST, asked)

    def too_many(self, asked: float | None = None) -> float:
        """We, or other nodes with our token, sent too much."""
        return self._shut(QUIET, MOST, asked)

    def refused(self) -> float:
        """The receiver does not want this of us."""
        return self._shut(REFUSED_FIRST, REFUSED_MOST, None)

    def open(self) -> None:
        """Let the next try through at once: what was refused has changed."""
        self._opens_at = float("-inf")

    def _shut(self, first: float, most: float, asked: float | None) -> float:
        wait = min(first * 2.0**self._failures, most)
        self._failures = min(self._failures + 1, MOST_DOUBLINGS)
        # Never less than asked; up to half as much more, so that nodes do not come back together.
        wait = max(wait, min(asked or 0.0, LONGEST))
        wait *= 1 + self._dice() / 2
        self._opens_at = self._clock() + wait
        return wait
