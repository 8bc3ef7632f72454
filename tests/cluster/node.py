"""What the kernel has counted for a container: its memory and its time of processors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# Memory (in v1) and processor time of a cgroup: cgroup-v1/memory.rst, cgroup-v1/cpuacct.rst.
PEAK = ("memory", "memory.max_usage_in_bytes")
USED = ("cpuacct", "cpuacct.usage")


@dataclass(frozen=True, slots=True)
class Usage:
    """Of a container so far: most memory at once, with its page cache, and time of processors."""

    bytes: int
    seconds: float


def usage(container: str) -> Usage:
    """What the kernel has counted for the cgroup of a container."""
    peak, used = (_counted(controller, f"{container}/{name}") for controller, name in (PEAK, USED))
    return Usage(peak, used / 1e9)


def _counted(controller: str, name: str) -> int:
    (file,) = Path("/sys/fs/cgroup", controller).rglob(name)
    return int(file.read_text())
