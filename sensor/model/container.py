"""The word for where a process belongs: a container, the host, or not known."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Container:
    """The container of a process, as far as its cgroup names tell.

    `id` is 64 lower-case hex digits without a runtime's prefix, or None: the host. `runtime` is
    "containerd", "cri-o", "docker" or "podman", None where the names do not say. `pod_uid` is the
    uid as Kubernetes writes it: a UUID with dashes, or the 32 hex digits of a static pod (the
    annotation kubernetes.io/config.hash of its mirror). `qos` is "guaranteed", "burstable" or
    "besteffort". `certain` is False when names above were hidden or cut off: then the id, if there
    is one, is only a hint.
    """

    id: str | None
    runtime: str | None = None
    pod_uid: str | None = None
    qos: str | None = None
    certain: bool = True

    def __post_init__(self) -> None:
        """Without an id there is nothing else to say."""
        if self.id is None and (self.runtime or self.pod_uid or self.qos):
            raise ValueError("a runtime, pod or class without a container id")


HOST = Container(None)
UNKNOWN = Container(None, certain=False)
