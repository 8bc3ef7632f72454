"""A program of a cluster: started in its space, its log kept, stopped by pid."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.cluster.space import Space

# A current API server takes three seconds to stop, on a busy machine more.
STOP_SECONDS = 20
TAIL_CHARACTERS = 3000


class EndedError(AssertionError):
    """A program of the cluster ended by itself; with the end of its log."""


class Program:
    """One running program."""

    def __init__(
        self,
        space: Space,
        command: Sequence[str | Path],
        log: Path,
        env: Mapping[str, str],
    ) -> None:
        """Start it; its output is added to the file `log`."""
        self.name = log.stem
        self._log = log
        with log.open("ab") as out:
            self._popen = subprocess.Popen(
                space.program(command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=env,
                # Ctrl-C must not stop them all at once: there is an order.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process."""
        return self._popen.pid

    def check(self) -> None:
        """Raise EndedError when it is no longer running."""
        code = self._popen.poll()
        if code is not None:
            raise EndedError(f"{self.name} ended with {code}:\n{tail(self._log)}")

    def stop(self) -> None:
        """Ask it to end, wait, and kill it when it does not."""
        self._popen.terminate()
        try:
            self._popen.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it without a word, as a crash would."""
        self._popen.kill()
        self._popen.wait()


def tail(log: Path) -> str:
    """Return the end of a log."""
    return log.read_text(errors="replace")[-TAIL_CHARACTERS:]
