"""Ends what a test run left when it was killed: processes by their cgroups, then the cgroups.

Run as `python guardian.py FOLDER CGROUP...` with a pipe as input, which nobody but the test run
holds open: it ends when the run does, however that happens. A run that ends as it should has done
all this itself, and stops the guardian.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Killed processes are gone in milliseconds; a busy machine takes longer to take memory back.
END_SECONDS = 30.0
PAUSE_SECONDS = 0.05


def pids_in(tops: Iterable[Path]) -> set[int]:
    """Return every living process in the cgroups and below them; a cgroup need not be there."""
    return {pid for top in tops for pid in _pids_below(top)}


def kill_all(tops: Iterable[Path]) -> None:
    """Kill every process in the cgroups until there is none. Raises TimeoutError."""
    tops = list(tops)
    end = time.monotonic() + END_SECONDS
    while pids := pids_in(tops):
        for pid in pids:
            # It can end between our look and the signal.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > end:
            raise TimeoutError(f"not dead after {END_SECONDS:.0f} s: {sorted(pids)}")
        time.sleep(PAUSE_SECONDS)


def remove(top: Path) -> None:
    """Remove a cgroup with all below it; no process is in them any more."""
    for folder, _, _ in os.walk(top, topdown=False):
        Path(folder).rmdir()


def _pids_below(top: Path) -> Iterator[int]:
    for folder, _, _ in os.walk(top):
        # ENOENT, or ENODEV when it is open already: removed while we walk, so without processes.
        with suppress(OSError):
            text = (Path(folder) / "cgroup.procs").read_text()
            yield from (int(line) for line in text.split())


def main() -> None:
    """Wait for the end of the input, then end everything."""
    folder, *cgroups = map(Path, sys.argv[1:])
    sys.stdin.read()
    kill_all(cgroups)
    for cgroup in cgroups:
        remove(cgroup)
    # The mounts in it were those of a mount namespace that ended with the last process.
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
