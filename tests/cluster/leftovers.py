"""What a cluster that is down may not leave: processes, mounts, cgroups, files.

Namespaces need no look of their own: one lives on only in a process, or by a mount below
/run/netns, and both are looked for.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.lab import Cluster

# Folders outside its own in which containerd, CNI plugins and kubelets are known to write.
SHARED = (
    "/etc/cni",
    "/run/containerd",
    "/run/netns",
    "/usr/libexec/kubernetes",
    "/var/lib/cni",
    "/var/lib/kubelet",
    "/var/log/containers",
    "/var/log/pods",
)


class Trace:
    """Made before the cluster starts; `look` while it runs, `left` when it is down."""

    def __init__(self) -> None:
        """Note what is there now: that is not from the cluster."""
        self._shared = set(_listing())
        self._processes: dict[int, str] = {}

    def look(self, cluster: Cluster) -> None:
        """Note its processes. Raises AssertionError when it has none beside its own programs."""
        self._processes = {pid: started(pid) for pid in cluster.space.pids()}
        assert len(self._processes) > len(cluster.pids()) + 1, "no container ran"

    def left(self, cluster: Cluster) -> list[str]:
        """Return what is there and should not be, a line each."""
        folder = str(cluster.folder)
        mounts = Path("/proc/self/mounts").read_text().splitlines()
        living = [pid for pid, at in self._processes.items() if at and at == started(pid)]
        return [
            *(f"process {pid}" for pid in {*living, *cluster.space.pids()}),
            *(f"cgroup {path}" for path in cluster.space.cgroups() if path.exists()),
            *(f"mount {line}" for line in mounts if folder in line),
            *(f"file {path}" for path in set(_listing()) - self._shared),
            *(path for path in (folder,) if Path(path).exists()),
        ]


def started(pid: int) -> str:
    """When a living process was started, in ticks (proc_pid_stat(5)); "" for a dead one."""
    with suppress(FileNotFoundError, ProcessLookupError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        # A zombie is dead; whoever is its parent now has only not asked for it yet.
        return "" if fields[0] in {"Z", "X"} else fields[19]
    return ""


def _listing() -> Iterator[str]:
    for top in SHARED:
        if Path(top).exists():
            yield top
            yield from (str(path) for path in Path(top).iterdir())
