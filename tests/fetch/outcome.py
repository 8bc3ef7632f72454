"""What fetching can end with, and the one way in which fetchers start a program."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# A download on a slow mirror takes minutes; a fetcher that hangs must end before CI is killed.
COMMAND_SECONDS = 900
# The end of an error output says what failed; a client that lists all versions is long.
ERROR_CHARACTERS = 20_000


class UnavailableError(Exception):
    """The component cannot be had on this machine now; the text says why and what would help."""


class GoneError(Exception):
    """The archive no longer serves the component: nobody can fetch it any more."""


def run_or_gone(
    command: Sequence[str | Path],
    pattern: str,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run the command as `run` does; an error output that matches the pattern means gone."""
    try:
        return run(command, cwd=cwd, env=env)
    except UnavailableError as error:
        found = re.search(pattern, str(error))
        if found is None:
            raise
        raise GoneError(f"{command[0]}: {found[0]}") from error


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    seconds: float = COMMAND_SECONDS,
) -> str:
    """Return what the command printed on standard output.

    Raises UnavailableError with the end of its error output when it fails, hangs or is missing.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except FileNotFoundError as error:
        raise UnavailableError(f"{words[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(f"{words[0]} did not end within {seconds:.0f} s") from error
    if done.returncode:
        tail = (done.stderr.strip() or done.stdout.strip())[-ERROR_CHARACTERS:]
        raise UnavailableError(f"{words[0]} ended with {done.returncode}: {tail}")
    return done.stdout
