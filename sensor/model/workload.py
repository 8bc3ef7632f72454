"""Words of a cluster: what runs as part of what, and every name that an image has."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class Workload:
    """The top controller of a pod (Deployment, CronJob, any custom owner), or the bare pod itself.

    The fields are those of the Kubernetes object; `uid` is its metadata.uid.
    """

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str


@dataclass(frozen=True, slots=True, order=True)
class ImageIdentity:
    """Every name of one image that is known: scanners join on different ones. "" is not known.

    `spec` is the name in the pod's spec, `resolved` the one in its status, `tag` the tag of either.
    Digests are "sha256:…": of the index (many platforms), of the manifest, of the configuration
    (the image ID of the container runtime). `digest` is one of which the kind is not known: a
    status says `name@sha256:…` for an index and for a manifest alike. `platform` is "linux/amd64".
    """

    spec: str
    resolved: str = ""
    tag: str = ""
    digest: str = ""
    index_digest: str = ""
    manifest_digest: str = ""
    config_digest: str = ""
    platform: str = ""


class ContainerRole(StrEnum):
    """What a container is in its pod."""

    MAIN = "main"
    INIT = "init"
    SIDECAR = "sidecar"
    EPHEMERAL = "ephemeral"


@dataclass(frozen=True, slots=True, order=True)
class PodContainer:
    """One container of a pod. `id` is 64 hex digits, "" while the status does not tell it."""

    name: str
    role: ContainerRole
    image: ImageIdentity
    id: str = ""


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod. `uid` names it in cgroup paths: for a static pod that is the hash of its config.

    `labels` are pairs in order of the key. `finished` is true once its phase is Succeeded or
    Failed, or it is deleted and nothing of it runs: it is not deployed any more.
    """

    uid: str
    namespace: str
    name: str
    node: str
    workload: Workload
    labels: tuple[tuple[str, str], ...] = ()
    containers: tuple[PodContainer, ...] = ()
    finished: bool = False
