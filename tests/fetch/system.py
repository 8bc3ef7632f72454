"""Debian packages that tests need installed on the machine itself, because they run as root there.

Everything that can run out of a private folder is fetched by `apt.py` instead.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from tests.fetch.component import default_root, locked
from tests.fetch.outcome import UnavailableError, run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# apt waits this long for another apt on the machine before it gives up.
LOCK_SECONDS = 300
BUILD_PACKAGES = ("build-essential", "dpkg-dev", "xz-utils")
BUILD_PROGRAMS = ("gcc", "make", "dpkg-source", "xz")


def install(_folder: Path, packages: Sequence[str], programs: Sequence[str]) -> None:
    """Install the packages unless their programs are there. Raises UnavailableError.

    Only root can; everyone else is told what to type.
    """
    if has(_folder, programs):
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if os.geteuid() != 0:
        raise UnavailableError(f"type: sudo {' '.join(command)}")
    command += ["-q", "-o", f"DPkg::Lock::Timeout={LOCK_SECONDS}"]
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive", LC_ALL="C")
    with locked(default_root() / ".locks" / "system-apt"):
        try:
            run(command, env=env)
        except UnavailableError:
            # A fresh machine has no package lists, and an old one has lists that name old files.
            run(["apt-get", "-qq", "update"], env=env)
            run(command, env=env)


def has(_folder: Path, programs: Sequence[str]) -> bool:
    """Return whether every program is on PATH (or where only root's PATH looks)."""
    path = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"
    return all(shutil.which(program, path=path) for program in programs)
