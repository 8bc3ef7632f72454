"""How errors are said: one line on stderr, one line with the next step, one exit code."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from sensor.errors import NotPermitted, ProcessGone, SensorError
from sensor.report.text import printable

if TYPE_CHECKING:
    from sensor.model.seen import Outcome

BY_OUTCOME: dict[str, type[SensorError]] = {"ended": ProcessGone, "not_permitted": NotPermitted}


def complain(message: str, next_step: str) -> None:
    """Print an error; whatever a workload put into it is made harmless."""
    sys.stderr.write(f"runtime-sensor: {printable(message)}\n  help: {printable(next_step)}\n")


def code_and_help(outcome: Outcome) -> tuple[int, str]:
    """The exit code and the next step for a process that was not read."""
    error = BY_OUTCOME.get(outcome, SensorError)
    return error.exit_code, error.help
