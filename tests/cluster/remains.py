"""What is on a cluster and on its node, so that two moments can be compared.

Events, leases and other kinds that come by themselves are left out. Of the node: cgroups of pods,
processes, mounts, interfaces, and the files of kubelet, containerd and CNI; images stay on a node.
A line names one thing for good: no later one is called the same.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster.leftovers import started
from tests.cluster.waiting import NeverHappenedError, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.lab import Cluster

# Written by controllers and kubelets as time goes by, whatever is installed.
BY_THEMSELVES = {"events", "events.events.k8s.io", "leases.coordination.k8s.io"}
# Shown by the API server, kept by nobody; and a question only.
SHOWN = {"componentstatuses"}
# Helm deletes at once; what has an owner is collected soon after.
UNINSTALLED_SECONDS = 60
# Below the cluster's folder; * is any one name.
FOLDERS = (
    "kubelet/pods",
    "containerd/addresses/lab",
    "containerd/root/io.containerd.snapshotter.v1.overlayfs/snapshots",
    "containerd/state/io.containerd.runtime.v2.task/k8s.io",
    "containerd/state/io.containerd.grpc.v1.cri/*",
)
# In the space's own file systems.
PRIVATE = ("run", "run/netns", "run/lab", "var/lib", "var/log/pods", "var/log/containers")
# Of the machine, where a program like ours could leave something that outlives it.
SHARED = ("dev/shm", "sys/fs/bpf")


class Remains:
    """What came onto a cluster and its node between two moments, and is to go again."""

    def __init__(self, cluster: Cluster) -> None:
        """Note what is there before."""
        self._cluster = cluster
        self._before = seen(cluster)
        self._new: set[str] = set()

    def note(self) -> None:
        """Note what is there now and was not before."""
        self._new = seen(self._cluster) - self._before

    def left(self, seconds: float) -> list[str]:
        """Wait until nothing of what was noted is there; return what is when the time is up."""
        try:
            until(lambda: not self._new & seen(self._cluster), "all is gone", seconds)
        except NeverHappenedError:
            return sorted(self._new & seen(self._cluster))
        return []


def until_uninstalled(cluster: Cluster, before: set[str]) -> None:
    """Wait until no object is there that was not before, but for pods: the kubelet lets go of them.

    A failure shows what is.
    """

    def more() -> list[str]:
        return [line for line in {*objects(cluster)} - before if not line.startswith("Pod ")]

    try:
        until(lambda: not more(), "the objects are gone", UNINSTALLED_SECONDS)
    except NeverHappenedError as error:
        raise NeverHappenedError("\n".join(more())) from error


def seen(cluster: Cluster) -> set[str]:
    """All that is there now, a line each."""
    return {*objects(cluster), *_node(cluster)}


def objects(cluster: Cluster) -> Iterator[str]:
    """What the API server has, a line each."""
    kubectl = cluster.client.kubectl
    listed = kubectl("api-resources", "--verbs=list", "--output=name").split()
    kinds = ",".join(sorted({*listed} - BY_THEMSELVES - SHOWN))
    for one in json.loads(kubectl("get", kinds, "--all-namespaces", "--output=json"))["items"]:
        place = one["metadata"]
        yield f"{one['kind']} {place.get('namespace', '')}/{place['name']} {place.get('uid', '')}"


def _node(cluster: Cluster) -> Iterator[str]:
    space = cluster.space
    yield from (f"cgroup {path}" for path in _pods_cgroups(cluster))
    yield from (f"process {pid} of {started(pid)}" for pid in space.pids())
    for line in Path(f"/proc/{space.pid}/mounts").read_text().splitlines():
        yield f"mount {line.split()[1]}"
    for line in cluster.client.run(["ip", "-oneline", "link"]).splitlines():
        yield f"interface {line.split()[1]}"
    root = Path(f"/proc/{space.pid}/root")
    for folder in (*_below(cluster.folder, FOLDERS), *_below(root, (*PRIVATE, *SHARED))):
        yield from (f"file {path}" for path in folder.iterdir())


def _pods_cgroups(cluster: Cluster) -> Iterator[Path]:
    """Those of pods and below; above them they are the node's.

    A kubelet uses v1 or v2. Where runc finds both, it makes cgroups in both, and of some pods the
    empty ones in the other hierarchy stay (of all on 1.20): no process is in them.
    """
    for top in cluster.space.cgroups():
        for folder, _, _ in os.walk(top):  # what is removed meanwhile is left out
            path = Path(folder)
            of_pod = any(name.startswith("pod") for name in path.relative_to(top).parts)
            if of_pod and not _is_empty_v2(path):
                yield path


def _is_empty_v2(cgroup: Path) -> bool:
    try:
        return "populated 0" in (cgroup / "cgroup.events").read_text()
    except OSError:  # of v1, which has no such file; or removed meanwhile
        return not cgroup.exists()


def _below(top: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    return (path for pattern in patterns for path in top.glob(pattern) if path.is_dir())
