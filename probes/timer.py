"""A descriptor that becomes readable every so many seconds."""

from __future__ import annotations

import os

from probes.bpf import sys

_COUNT_BYTES = 8


class Timer:
    """Runs from the start on; made to be waited for by the caller's own loop."""

    def __init__(self, seconds: float) -> None:
        """Start it. Raises OSError."""
        self._descriptor = sys.timer_create(seconds)

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def due(self) -> bool:
        """Return whether it has run out since the last question; then it is unreadable again."""
        try:
            os.read(self._descriptor, _COUNT_BYTES)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Stop it; closing twice is no error."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
