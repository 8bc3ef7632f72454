"""Times of a bench: medians of CPU time, printed beside their goals and never asserted."""

from __future__ import annotations

import statistics
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 9


def cpu_seconds(run: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the median CPU time of some runs."""
    took = []
    for _ in range(rounds):
        begin = time.process_time()
        run()
        took.append(time.process_time() - begin)
    return statistics.median(took)


def median(what: str, goal: float, run: Callable[[], object]) -> None:
    """Print the median CPU time of some runs, in milliseconds, beside the goal."""
    took = cpu_seconds(run) * 1e3
    sys.stdout.write(f"\n{what}: {took:.2f} ms CPU (goal {goal:.1f} ms)\n")
