"""One line on a terminal that shows how far a long scan is; it is wiped away at the end."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

# A scan that is over by then needs no progress.
PATIENCE_SECONDS = 1.0
# More often than this nobody can read it.
EVERY_SECONDS = 0.1
# Carriage return, and erase to the end of the line (ECMA-48 EL).
WIPE = "\r\x1b[K"


class Progress:
    """Counts processes; use it in a `with`. Silent when stderr is no terminal."""

    def __init__(
        self,
        total: int,
        write: Callable[[str], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Expect `total` processes; `write` is given only if somebody watches."""
        self._total = total
        self._write = write or (_to_stderr if sys.stderr.isatty() else None)
        self._clock = clock
        self._next = clock() + PATIENCE_SECONDS
        self._done = 0
        self._pid = 0
        self._shown = False

    def over(self, pids: Iterable[int]) -> Iterator[int]:
        """The pids, counted as each one is done."""
        for self._pid in pids:
            self.tick()
            yield self._pid
            self._done += 1

    def tick(self) -> None:
        """Show where we are, if it is time."""
        if self._write is None or self._clock() < self._next:
            return
        self._next = self._clock() + EVERY_SECONDS
        self._shown = True
        self._write(f"{WIPE}reading process {self._pid}: {self._done} of {self._total} done")

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave no trace on the terminal."""
        if self._write is not None and self._shown:
            self._write(WIPE)


def _to_stderr(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
