"""When the next report is due. Pure.

What is new is reported soon, but news are gathered for a moment, and reports keep a distance. A
receiver over the network is told the whole state now and then, also when nothing is new.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# A process that has started brings its packages in two or three looks within this.
SETTLE_SECONDS: Final = 1.0
# 1,620 requests a minute are for all nodes of a group: 100 nodes stay below it even when all have
# news all the time.
DISTANCE_SECONDS: Final = 5.0


@dataclass(slots=True)
class Timing:
    """Asked again and again with the revision of all that is reported; `made` after each report.

    `reported` is the revision of the last report: at first, that of nothing at all.
    `interval` is how long nothing may be said at most (None: for ever); seconds of one clock.
    """

    interval: float | None
    distance: float = DISTANCE_SECONDS
    reported: object = None
    _seen: object = None
    _news_at: float = 0.0
    _last: float | None = None

    def due_at(self, now: float, revision: object) -> float | None:
        """When a report is due; None when there is nothing to say."""
        if not self.is_news(revision):
            if self.interval is None or self._last is None:
                return None
            return self._last + self.interval
        if self._seen is None:
            self._news_at = now
        self._seen = revision
        soon = self._news_at + SETTLE_SECONDS
        return soon if self._last is None else max(soon, self._last + self.distance)

    def is_news(self, revision: object) -> bool:
        """Whether it was not reported yet."""
        return revision != self.reported

    def made(self, now: float, revision: object) -> None:
        """A report with this revision was made."""
        self.reported, self._seen = revision, None
        self._last = now
