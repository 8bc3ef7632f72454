"""A `sleep` that runs in a root of its own: in a chroot, or on an overlayfs in a mount namespace.

Needs root, and nothing but the programs of the machine, so that it also runs in a small VM.
"""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sensor.errors import ProcessGone
from sensor.host.local import LocalOpener

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.host.seam import Process

PROGRAM = "/usr/bin/sleep"
# The shell becomes the sleep; the mounts vanish with the namespace.
ON_OVERLAY = """
mount -t overlay none -o lowerdir="$1/lower",upperdir="$1/upper",workdir="$1/work" "$1/root"
exec chroot "$1/root" /usr/bin/sleep 600
"""


def files_of_sleep() -> list[str]:
    """The program and its libraries, as a running one has them mapped."""
    with subprocess.Popen([PROGRAM, "600"]) as popen:
        try:
            with opened_when(popen.pid, PROGRAM) as process:
                return sorted(
                    {m.path for m in process.maps() if m.inode and "locale" not in m.path}
                )
        finally:
            popen.kill()


def copy_sleep(root: Path) -> None:
    """Make a root that holds the program and its libraries."""
    for path in files_of_sleep():
        target = root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    (root / "lib64").mkdir(exist_ok=True)
    for loader in Path("/lib64").glob("ld-linux*"):
        if not (root / "lib64" / loader.name).exists():
            shutil.copy(loader, root / "lib64" / loader.name)


@contextmanager
def in_chroot(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the program in a chroot at `folder`/root."""
    copy_sleep(folder / "root")
    with _running(["chroot", str(folder / "root"), PROGRAM, "600"]) as popen:
        yield popen


@contextmanager
def on_overlay(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the program on an overlayfs over `folder`/lower, in a mount namespace of its own."""
    copy_sleep(folder / "lower")
    for name in ("upper", "work", "root"):
        (folder / name).mkdir()
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", ON_OVERLAY, "sh"]
    with _running([*command, str(folder)]) as popen:
        yield popen


@contextmanager
def _running(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command) as popen:
        try:
            yield popen
        finally:
            popen.kill()


def opened_when(pid: int, program: str) -> Process:
    """The process, opened as soon as it has become `program` and sleeps.

    Until then the loader maps and protects, and the kernel tells mappings of more than one moment.
    """
    opener = LocalOpener()
    while True:
        key = opener.key(pid)
        # Maps are read when a process is opened: once it sleeps, it is opened anew.
        with suppress(ProcessGone):  # just becoming the next program; if it ended, `key` says so
            with opener.open_process(key) as process:
                ready = process.exe == program and _sleeps(pid)
            if ready:
                return opener.open_process(key)


def _sleeps(pid: int) -> bool:
    """Whether it waits for something other than a disk (proc_pid_stat(5): state S)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"
