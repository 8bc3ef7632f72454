"""How long to wait after a failure. Pure: it waits for nobody."""

from __future__ import annotations

import random

# 500 nodes that lost the same API server come back spread over the whole wait: full halves.
FIRST = 0.5
MOST = 30.0
FACTOR = 2.0
JITTER = 0.5


class Backoff:
    """Waits that double from half a second to half a minute, each 50 to 150 % by chance."""

    def __init__(self, chance: random.Random | None = None) -> None:
        """Begin with the shortest wait."""
        self._chance = chance or random.Random()  # noqa: S311 (spreads load, guards nothing)
        self._next = FIRST

    def failed(self, asked: float | None = None) -> float:
        """The seconds to wait now; at least what the server asked for."""
        wait = self._next * self._chance.uniform(1 - JITTER, 1 + JITTER)
        self._next = min(self._next * FACTOR, MOST)
        return max(wait, (asked or 0.0) * self._chance.uniform(1, 1 + JITTER))

    def worked(self) -> None:
        """Begin again with the shortest wait."""
        self._next = FIRST

    def chance(self) -> float:
        """A number from 0 to 1, for whatever else should not happen everywhere at once."""
        return self._chance.random()
