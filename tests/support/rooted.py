"""A program in a root and in mounts of its own, and what a probe tells of it."""

from __future__ import annotations

import select
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from probes.event import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probes.event import Event
    from probes.probe import Probe

WAIT_SECONDS = 60
AT_ONCE = 1000


@contextmanager
def running(root: Path, program: str, *before: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program of a root; `before` are shell commands in a mount namespace of its own."""
    script = "\n".join(["set -e", *before, 'exec chroot "$0" "$1"'])
    words = ["unshare", "--mount", "sh", "-c", script, str(root), program]
    with subprocess.Popen(words) as child:
        try:
            yield child
        finally:
            child.kill()


def overlay(root: Path, lower: Path, work: Path) -> list[str]:
    """The commands that mount an overlay over `lower`, whose upper layer is in a tmpfs."""
    for folder in (root, work):
        folder.mkdir()
    layers = f"lowerdir={lower},upperdir={work}/upper,workdir={work}/work"
    return [
        f"mount -t tmpfs tmpfs {work}",
        f"mkdir {work}/upper {work}/work",
        f"mount -t overlay overlay -o {layers} {root}",
    ]


def last_exec(probe: Probe, child: subprocess.Popen[bytes]) -> Event:
    """The last exec of a process of ours, which must end for that. Other events are dropped."""
    told: list[Event] = []

    def hear(event: Event) -> None:
        if event.pid == child.pid:
            told.append(event)

    deadline = time.monotonic() + WAIT_SECONDS
    while not told or told[-1].kind is not Kind.EXIT:
        assert time.monotonic() < deadline, "its end was not told"
        select.select([probe.fileno()], [], [], 1)
        probe.drain(hear, AT_ONCE)
    return told[-2]


def becomes(child: subprocess.Popen[bytes], name: str) -> tuple[str, int]:
    """Wait until a process runs a file of this name: its device and inode as its maps show them."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        assert time.monotonic() < deadline, "it does not become this program"
        first = Path(f"/proc/{child.pid}/maps").read_text().split("\n")[0].split()
        if first and first[-1].endswith(f"/{name}"):
            return first[3], int(first[4])
