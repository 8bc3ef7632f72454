"""A pid → its container: reads /proc/PID/cgroup. What it means is in `text` and `names`."""

from __future__ import annotations

import errno
from functools import cache
from pathlib import Path

from sensor.containers.text import MAX_TEXT, is_nested, of_cgroup_text
from sensor.errors import NotPermitted, ProcessGone
from sensor.model.container import UNKNOWN, Container

PROC = Path("/proc")


def of_pid(pid: int) -> Container:
    """The container of a living process.

    `UNKNOWN` when it is hidden by our own cgroup namespace, or when its path is longer than 4096
    bytes (a workload can nest its cgroups so deep) and the kernel refuses to write it; 6.18 cuts
    the end off, which is the workload's own. Raises ProcessGone, NotPermitted.
    """
    try:
        text = read_cgroup(pid)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return UNKNOWN
        raise
    return of_cgroup_text(text, nested=nested())


@cache
def nested() -> bool:
    """Whether we are inside a cgroup namespace below the root of the machine.

    Asked once: we do not change our own. Without the pid namespace of the host pid 1 is our own
    container's, and the answer is False: what we then call the host is all of the machine we see.
    """
    try:
        return is_nested(read_cgroup(1))
    except (ProcessGone, NotPermitted):  # hidepid, or no pid 1 in this /proc: nothing says so
        return False


def read_cgroup(pid: int) -> str:
    """The text of /proc/PID/cgroup, at most a little more than MAX_TEXT bytes of it.

    Raises ProcessGone, NotPermitted, and OSError, with ENAMETOOLONG for a path over 4096 bytes
    (proc_cgroup_show() in kernel/cgroup/cgroup.c).
    """
    try:
        with (PROC / str(pid) / "cgroup").open("rb") as file:
            # One character a byte, so that the bound holds; names that matter are ASCII.
            return file.read(MAX_TEXT + 1).decode("latin-1")
    except (FileNotFoundError, ProcessLookupError):
        raise ProcessGone(f"no process {pid}") from None
    except PermissionError:
        raise NotPermitted(f"cannot read the cgroup of process {pid}") from None
