"""How other threads and signals wake the loop: one byte in a pipe."""

from __future__ import annotations

import contextlib
import os


class Wake:
    """A pipe. `wake` may be called from any thread; it never waits."""

    def __init__(self) -> None:
        """Make it."""
        self._read, self.write_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def fileno(self) -> int:
        """A descriptor that is readable when somebody called `wake`."""
        return self._read

    def wake(self) -> None:
        """Wake the loop."""
        with contextlib.suppress(BlockingIOError):  # full: it is awake already
            os.write(self.write_end, b"\0")

    def clear(self) -> None:
        """Be unreadable again."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self._read, 4096):
                pass

    def close(self) -> None:
        """Give both ends back."""
        os.close(self._read)
        os.close(self.write_end)
