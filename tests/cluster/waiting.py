"""Wait for a condition, with an end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Each look can start a program; looking more often makes what is waited for slower. For the same
# reason a pause is at least as long as the look was.
PAUSE_SECONDS = 0.1


class NeverHappenedError(AssertionError):
    """The condition did not come true in time."""


def until(condition: Callable[[], object], what: str, seconds: float) -> None:
    """Look again and again until it is true. Raises NeverHappenedError, naming `what`."""
    end = time.monotonic() + seconds
    began = time.monotonic()
    while not condition():
        now = time.monotonic()
        if now > end:
            raise NeverHappenedError(f"not within {seconds:.0f} s: {what}")
        time.sleep(max(PAUSE_SECONDS, now - began))
        began = time.monotonic()
