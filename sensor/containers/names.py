"""The names of a cgroup path → a container. Pure: the levels come in, nothing is read.

Rules, where the names leave a choice:

- The outermost container counts. Its names were made by the runtime of the node, which is also what
  Kubernetes knows; everything below was made by the workload, and can be any name it likes (systemd
  or docker inside a container, or a lie). So docker in docker, and a kind node seen from outside,
  belong to the outer container.
- An id has 64 hex digits. Containers with other names (`runc run NAME`, `ctr run NAME`, LXC,
  systemd-nspawn, buildkit's short ids) cannot be told from any service of the host, and no
  orchestrator knows them: they are reported as host.
- A prefix that is not in the table is no container: monitors (`crio-conmon-ID`,
  `libpod-conmon-ID`) live on the host and look just the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sensor.model.container import HOST, UNKNOWN, Container

if TYPE_CHECKING:
    from collections.abc import Sequence

# The outermost container stands within ten levels in every layout known. A path of the kernel has
# at most 4096 bytes, so the rest of a very deep one is the workload's own making.
MAX_LEVELS = 64

# What runtimes put before the id, in scopes of systemd and in plain cgroup names:
# containerd's CRI plugin, CRI-O, docker and cri-dockerd, podman (payload: its split mode), nerdctl.
RUNTIMES = {
    "cri-containerd": "containerd",
    "crio": "cri-o",
    "docker": "docker",
    "libpod": "podman",
    "libpod-payload": "podman",
    "nerdctl": "containerd",
}
# Parents that tell the runtime of a plain id: docker's default, and containerd's default namespace
# as `ctr` and nerdctl use it. Below kubepods a plain id may be containerd's or docker's.
PARENTS = {"docker": "docker", "default": "containerd"}
# podman with cgroupfs puts pods here by their plain 64-digit id; its containers are `libpod-ID`.
PODMAN_PARENT = "libpod_parent"

_ID = r"(?P<id>[0-9a-f]{64})"
_PREFIX = "(?P<prefix>" + "|".join(sorted(RUNTIMES, key=len, reverse=True)) + ")"
_PLAIN = re.compile(_ID)
# systemd makes `PREFIX-ID.scope`; CRI-O and podman name the cgroup `PREFIX-ID` with cgroupfs.
_PREFIXED = re.compile(rf"{_PREFIX}-{_ID}(?:\.scope)?")
# runc's cgroupsPath for systemd, `SLICE:PREFIX:ID`, taken as one name by a cgroupfs driver.
_MISMATCH = re.compile(rf"(?P<slice>[^:]+):{_PREFIX}:{_ID}")

# kubelet: `pod` + uid below kubepods (cgroupfs), or in the name of the slice, with underscores and
# perhaps a cgroup root before it (systemd; kind: `kubelet-kubepods-…`). A static pod's is a hash.
_UUID = "[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}"
_UID = f"pod(?P<uid>{_UUID}|[0-9a-f]{{32}})"
_POD = re.compile(_UID)
_QOS = "(?P<qos>burstable|besteffort)"
_POD_SLICE = re.compile(rf"(?:.+-)?kubepods(?:-{_QOS})?-{_UID}\.slice")
GUARANTEED = "guaranteed"


class _Found(NamedTuple):
    id: str
    prefix: str | None
    slice: str | None


class _Pod(NamedTuple):
    uid: str
    qos: str | None


def of_names(names: Sequence[str], *, whole: bool = True) -> Container:
    """The container that a cgroup belongs to, from the names of its levels, outermost first.

    `whole` says that the first name stands directly below the root of the hierarchy. Kernel events
    carry only the last few: then the answer is not `certain`, since levels above could name another
    container. Ask again by pid where that is still possible.
    """
    for index, name in enumerate(names[:MAX_LEVELS]):
        found = _container(name, names[:index])
        if found:
            return _build(found, names[:index], certain=whole)
    return HOST if whole and len(names) <= MAX_LEVELS else UNKNOWN


def _container(name: str, above: Sequence[str]) -> _Found | None:
    if match := _PREFIXED.fullmatch(name):
        return _Found(match["id"], match["prefix"], None)
    if match := _MISMATCH.fullmatch(name):
        return _Found(match["id"], match["prefix"], match["slice"])
    match = _PLAIN.fullmatch(name)
    if match and PODMAN_PARENT not in above:
        return _Found(match["id"], None, None)
    return None


def _build(found: _Found, above: Sequence[str], *, certain: bool) -> Container:
    runtime = RUNTIMES[found.prefix] if found.prefix else PARENTS.get(above[-1]) if above else None
    pod = _pod([*above, found.slice] if found.slice else above)
    return Container(found.id, runtime, pod.uid if pod else None, pod.qos if pod else None, certain)


def _pod(above: Sequence[str]) -> _Pod | None:
    """The innermost pod level above a container."""
    for index in reversed(range(len(above))):
        if match := _POD_SLICE.fullmatch(above[index]):
            return _Pod(_canonical(match["uid"]), match["qos"] or GUARANTEED)
        if match := _POD.fullmatch(above[index]):
            return _Pod(_canonical(match["uid"]), _qos(above[:index]))
    return None


def _canonical(uid: str) -> str:
    return uid.replace("_", "-")


def _qos(above: Sequence[str]) -> str | None:
    """The class by the name above a pod's level: the class itself, or `kubepods` for guaranteed."""
    parent = above[-1] if above else ""
    if parent == "kubepods":
        return GUARANTEED
    return parent if re.fullmatch(_QOS, parent) else None
