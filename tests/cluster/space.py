"""Where a cluster lives: a network and a mount namespace, and cgroups, all of its own.

Whatever runs in it is found again by its cgroup and ended by pid; mounts and interfaces end with
the namespaces. In the mount namespace /run and /var/log are empty file systems and /var/lib is
an overlay, for what containerd and the kubelet write where no setting of theirs reaches. The
process namespace is the machine's: to the sensor a pod's `hostPID` must be the real one.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Self

from tests.cluster import guardian
from tests.cluster.guardian import kill_all, pids_in, remove
from tests.live.containers.lab import hierarchies, wait_ready

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

# Documentation addresses (RFC 5737): nothing outside can have it. The same in every cluster.
NODE_ADDRESS = "192.0.2.10"
# First address of the service range: what every pod is told to ask. It is an address of the node
# itself, so that no kube-proxy is needed.
SERVICE_ADDRESS = "10.96.0.1"
# What kubelets make below their root cgroup (kubelet, pkg/kubelet/cm, since 1.6).
PODS_CGROUP = "kubepods"
# `$1` is a writable folder. No dummy driver in this kernel: a veth pair, both ends in here. `cat`
# ends when our end of its input is closed, so also when we are killed.
MAKE = f"""
mount --make-rshared /
mkdir "$1/upper" "$1/work"
mount -t overlay overlay -o "lowerdir=/var/lib,upperdir=$1/upper,workdir=$1/work" /var/lib
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log
mkdir /run/lab /run/netns
ip link set lo up
ip link add n0 type veth peer name n1
ip address add {NODE_ADDRESS}/24 dev n0
ip address add {SERVICE_ADDRESS}/32 dev n0
ip link set n0 up
ip link set n1 up
ip route add default dev n0
echo ready
exec cat
"""


class Space:
    """Use it in a `with`: at the end all that was started in it is dead and all is removed."""

    def __init__(self, folder: Path, name: str, pods: str) -> None:
        """`name`: of the cgroup of its programs; `pods`: the root cgroup of its pods, "/" or /NAME.

        `folder` is empty and is not removed.
        """
        self._folder = folder
        self._programs = [root / name for root in hierarchies()]
        self._pods = [root / pods.strip("/") for root in hierarchies()]
        self._has_own_pods_root = pods != "/"
        self._undo = ExitStack()
        self._holder: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.enter_context(self._guarded())
            undo.callback(self._remove_cgroups)
            self._make_cgroups()
            undo.callback(self.end_all)
            self._hold(undo)
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._undo.close()

    @property
    def pid(self) -> int:
        """The process that holds the namespaces."""
        assert self._holder is not None
        return self._holder.pid

    def inside(self, command: Sequence[str | Path]) -> list[str]:
        """Return the command that runs `command` in the namespaces (not `ip netns exec`).

        That one mounts /sys anew, without the cgroups.
        """
        enter = ["nsenter", f"--target={self.pid}", "--mount", "--net", "--"]
        return [*enter, *map(str, command)]

    def program(self, command: Sequence[str | Path]) -> list[str]:
        """Return the command for a program that stays: also in the cgroup of this space."""
        return self._in_cgroup(self.inside(command))

    def pids(self) -> set[int]:
        """Return every living process in the cgroups: programs, shims, pods."""
        return pids_in(self.cgroups())

    def cgroups(self) -> list[Path]:
        """Return the top cgroups that the space made or caused, whether they are there or not."""
        if self._has_own_pods_root:
            return [*self._programs, *self._pods]
        return [*self._programs, *(root / PODS_CGROUP for root in self._pods)]

    def end_all(self) -> None:
        """Kill every process in the cgroups and wait until there is none."""
        kill_all(self.cgroups())

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Have all of it ended also when this process is killed; see `guardian`."""
        words = [sys.executable, "-I", "-S", guardian.__file__]
        about = [str(path) for path in (self._folder, *self.cgroups())]
        with subprocess.Popen(
            [*words, *about], stdin=subprocess.PIPE, start_new_session=True
        ) as watcher:
            try:
                yield
            finally:
                watcher.kill()

    def _hold(self, undo: ExitStack) -> None:
        private = self._folder / "private"
        private.mkdir()
        undo.callback(shutil.rmtree, private)
        shell = ["sh", "-eu", "-c", MAKE, "make-space", str(private)]
        self._holder = subprocess.Popen(
            self._in_cgroup(["unshare", "--net", "--mount", *shell]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        undo.callback(self._release, self._holder)
        assert self._holder.stdout is not None
        wait_ready(self._holder.stdout.fileno())

    def _release(self, holder: subprocess.Popen[bytes]) -> None:
        # Only now may the namespaces end: whatever still runs in them would keep them.
        self.end_all()
        with holder:
            pass

    def _in_cgroup(self, command: Sequence[str]) -> list[str]:
        # In one hierarchy: that is enough to be found. The shell becomes the program: same pid.
        enter = 'echo $$ > "$0" && exec "$@"'
        return ["sh", "-c", enter, str(self._programs[0] / "cgroup.procs"), *command]

    def _make_cgroups(self) -> None:
        made = self._pods if self._has_own_pods_root else []
        for folder in [self._programs[0], *made]:
            folder.mkdir()
            _inherit_cpuset(folder)

    def _remove_cgroups(self) -> None:
        for folder in self.cgroups():
            remove(folder)


def _inherit_cpuset(folder: Path) -> None:
    """Fill a new cgroup of cpuset v1: empty, it takes no process (cpuset(7))."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        if (folder / name).exists() and (folder / "tasks").exists():
            (folder / name).write_text((folder.parent / name).read_text())
