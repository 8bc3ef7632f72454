"""The JSON of a pod → our words, keeping only what we need. Pure.

The API server has checked what a pod says about containers, but owner references are any text that
whoever may create a pod has written: they are bounded here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sensor.errors import Malformed
from sensor.kube.images import identity
from sensor.model.workload import ContainerRole, Pod, PodContainer, Workload

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Json = dict[str, Any]

# A value has 63 characters, but nothing bounds their number except the size of the pod (1.5 MB).
MOST_LABELS = 64
# Lengths the API server holds names and kinds to, but for owner references it does not.
MOST_NAME = 253
MOST_KIND = 63
MOST_API_VERSION = 320
# Ended runs of a container are told for the last one only; a pod has few containers.
MOST_EARLIER = 64
# Annotations of a mirror pod (k8s.io/kubernetes/pkg/kubelet/types): what the API server shows of a
# static pod. Its cgroup is named by the hash, 32 hex digits, not by the uid of the mirror.
MIRROR = "kubernetes.io/config.mirror"
HASH = "kubernetes.io/config.hash"
_HASH = re.compile(r"[0-9a-f]{32}")
_ID = re.compile(r"[0-9a-f]{64}")
# Lists of the spec, of the status, and the role of what stands in them.
CONTAINERS = (
    ("containers", "containerStatuses", ContainerRole.MAIN),
    ("initContainers", "initContainerStatuses", ContainerRole.INIT),
    ("ephemeralContainers", "ephemeralContainerStatuses", ContainerRole.EPHEMERAL),
)
ENDED = {"Succeeded", "Failed"}


@dataclass(frozen=True, slots=True)
class Record:
    """A pod as one object of the API tells it.

    `pod.workload` is only the nearest controller. `earlier` are (container id, container name) of
    runs that have ended: a restarted container has a new id.
    """

    pod: Pod
    earlier: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name: unique at any time."""
        return self.pod.namespace, self.pod.name


def record_of(data: Json, wanted: frozenset[str] = frozenset()) -> Record:
    """Read a pod. Labels with a key in `wanted` are kept in any case. Raises Malformed."""
    try:
        return _record(data, wanted)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Malformed(f"a pod that cannot be read: {type(error).__name__}: {error}") from error


def container_id(text: str) -> str:
    """The 64 hex digits of `containerd://…`, `docker://…`, `cri-o://…`; "" for anything else."""
    plain = text.rpartition("://")[2]
    return plain if _ID.fullmatch(plain) else ""


def _record(data: Json, wanted: frozenset[str]) -> Record:
    meta, spec = data["metadata"], data["spec"]
    status = data.get("status") or {}
    notes = meta.get("annotations") or {}
    name, namespace, uid = str(meta["name"]), str(meta["namespace"]), str(meta["uid"])
    bare = Workload("v1", "Pod", namespace, name, uid)
    is_mirror = MIRROR in notes and _HASH.fullmatch(str(notes.get(HASH)))
    pod = Pod(
        uid=str(notes[HASH]) if is_mirror else uid,
        namespace=namespace,
        name=name,
        node=str(spec.get("nodeName") or ""),
        # A mirror's controller is its node, which made it from a file.
        workload=bare if MIRROR in notes else controller_of(meta) or bare,
        labels=_labels(meta.get("labels") or {}, wanted),
        containers=tuple(_containers(spec, status)),
        finished=status.get("phase") in ENDED or _has_gone(meta, status),
    )
    return Record(pod, tuple(_earlier(status))[:MOST_EARLIER])


def _has_gone(meta: Json, status: Json) -> bool:
    """Whether a pod that is deleted has no running container any more.

    A kubelet of 1.20 lets go of it up to a minute later, when it has collected its garbage; then
    the status has lost what its images were.
    """
    if not meta.get("deletionTimestamp"):
        return False
    states = [one.get("state") or {} for _, key, _ in CONTAINERS for one in status.get(key) or ()]
    return bool(states) and not any("running" in state for state in states)


def controller_of(meta: Json) -> Workload | None:
    """The controller of an object, by its metadata. None: it has none, or one of absurd names."""
    for owner in meta.get("ownerReferences") or ():
        if owner.get("controller"):
            found = Workload(
                str(owner["apiVersion"]),
                str(owner["kind"]),
                str(meta["namespace"]),
                str(owner["name"]),
                str(owner["uid"]),
            )
            return found if _is_sane(found) else None
    return None


def _is_sane(owner: Workload) -> bool:
    return (
        len(owner.name) <= MOST_NAME
        and len(owner.kind) <= MOST_KIND
        and len(owner.api_version) <= MOST_API_VERSION
        and len(owner.uid) <= MOST_NAME
    )


def _labels(labels: Mapping[str, str], wanted: frozenset[str]) -> tuple[tuple[str, str], ...]:
    kept = sorted(labels, key=lambda key: (key not in wanted, key))
    return tuple(sorted((key, str(labels[key])) for key in kept[: MOST_LABELS + len(wanted)]))


def _containers(spec: Json, status: Json) -> Iterator[PodContainer]:
    for in_spec, in_status, role in CONTAINERS:
        told = {one["name"]: one for one in status.get(in_status) or ()}
        for one in spec.get(in_spec) or ():
            yield _container(one, told.get(one["name"], {}), role)


def _container(spec: Json, status: Json, role: ContainerRole) -> PodContainer:
    if role is ContainerRole.INIT and spec.get("restartPolicy") == "Always":
        role = ContainerRole.SIDECAR  # KEP-753, from 1.28 on
    image, image_id = str(status.get("image") or ""), str(status.get("imageID") or "")
    return PodContainer(
        name=str(spec["name"]),
        role=role,
        image=identity(str(spec.get("image") or ""), image, image_id),
        id=container_id(str(status.get("containerID") or "")),
    )


def _earlier(status: Json) -> Iterator[tuple[str, str]]:
    for _, in_status, _ in CONTAINERS:
        for one in status.get(in_status) or ():
            ended = (one.get("lastState") or {}).get("terminated") or {}
            found = container_id(str(ended.get("containerID") or ""))
            if found and found != container_id(str(one.get("containerID") or "")):
                yield found, str(one["name"])
