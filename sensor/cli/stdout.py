"""Writing to standard output: at once, and with an error of ours when it cannot take it."""

from __future__ import annotations

import os
import sys

from sensor.errors import OutputFailed


def write(data: bytes) -> None:
    """Write bytes and flush. Raises BrokenPipeError (the reader went away), OutputFailed."""
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputFailed(f"cannot write the output: {error.strerror}") from error


def write_text(text: str) -> None:
    """Write text for people; what the terminal's encoding lacks is written as an escape."""
    write(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))


def drop() -> None:
    """Let what is still to be written go nowhere: Python flushes once more when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
