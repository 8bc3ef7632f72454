"""Wait for a condition, with an end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Each look can start a program; looking more often makes what is waited for slower.
PAUSE_SECONDS = 0.1


class NeverHappenedError(AssertionError):
    """The condition did not come true in time."""


def until(condition: Callable[[], object], what: str, seconds: float) -> None:
    """Look again and again until it is true. Raises NeverHappenedError, naming `what`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise NeverHappenedError(f"not within {seconds:.0f} s: {what}")
        time.sleep(PAUSE_SECONDS)
