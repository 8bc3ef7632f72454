"""`run -- CMD`: the command that is started and watched; its exit code is ours."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING, Final

from sensor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

# What a shell reports: not found; found and not executable; ended by signal N: 128 + N.
NOT_FOUND: Final = 127
NOT_EXECUTABLE: Final = 126
BY_SIGNAL: Final = 128
# Between the request to end and the end by force, when we are to end ourselves.
GRACE_SECONDS: Final = 2.0


class CommandNotFound(UsageError):
    """The command cannot be started: there is none of that name."""

    help = "Give a program on PATH, or its path, after --."
    exit_code = NOT_FOUND


class CommandRefused(UsageError):
    """The command cannot be started, though it is there."""

    help = "It must be an executable file of this machine's architecture."
    exit_code = NOT_EXECUTABLE


class Command:
    """A started command, with our own standard streams."""

    def __init__(self, words: Sequence[str]) -> None:
        """Start it. Raises CommandNotFound, CommandRefused."""
        try:
            self._process = subprocess.Popen(words)  # noqa: S603 - it is what the user asked for
        except FileNotFoundError:
            raise CommandNotFound(f"no command {words[0]!r}") from None
        except OSError as error:
            raise CommandRefused(f"cannot start {words[0]!r}: {error.strerror}") from None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def has_ended(self) -> bool:
        """Whether it is over."""
        return self._process.poll() is not None

    def exit_code(self) -> int:
        """As a shell tells it."""
        code = self._process.returncode
        return code if code >= 0 else BY_SIGNAL - code

    def terminate(self) -> None:
        """Ask it to end; end it by force when it does not."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
