"""Objects of the API as servers send them, cut down to what matters; made for tests."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sensor.kube.http import Json

DIGEST = "sha256:" + "d1" * 32
CONFIG = "sha256:" + "c0" * 32


def chance(seed: int) -> random.Random:
    """The same jitter in each run."""
    return random.Random(seed)  # noqa: S311 (guards nothing)


def digits(number: int) -> str:
    """A container id."""
    return f"{number:064x}"


def owner(kind: str, name: str, uid: str = "", api_version: str = "apps/v1") -> Json:
    """An owner reference of a controller."""
    return {
        "apiVersion": api_version,
        "kind": kind,
        "name": name,
        "uid": uid or f"uid-of-{name}",
        "controller": True,
        "blockOwnerDeletion": True,
    }


def status(name: str, number: int | None = None, **more: Any) -> Json:  # noqa: ANN401 (JSON)
    """A container's status; running with the id of that number, or waiting."""
    running = {"containerID": f"containerd://{digits(number)}"} if number is not None else {}
    return {"name": name, "image": "", "imageID": "", **running, **more}


def pod(  # noqa: PLR0913 (a pod has many sides)
    name: str = "web-1",
    *,
    namespace: str = "shop",
    uid: str = "",
    owned: list[Json] | None = None,
    spec: Json | None = None,
    told: Json | None = None,
    version: str = "10",
    **meta: Any,  # noqa: ANN401 (JSON)
) -> Json:
    """A pod with one container `app`, unless its spec says more."""
    return {
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": uid or f"uid-of-{name}",
            "resourceVersion": version,
            **({"ownerReferences": owned} if owned else {}),
            **meta,
        },
        "spec": {
            "nodeName": "node-1",
            "containers": [{"name": "app", "image": "shop/web:1"}],
            **(spec or {}),
        },
        "status": {"phase": "Running", **(told or {})},
    }


def failure(code: int, reason: str, message: str = "told by the test", **details: Any) -> Json:  # noqa: ANN401 (JSON)
    """A Status object (meta/v1)."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code,
        **({"details": details} if details else {}),
    }


def pod_list(*items: Json, version: str = "10", token: str = "") -> Json:
    """A PodList."""
    meta = {"resourceVersion": version, **({"continue": token} if token else {})}
    return {"kind": "PodList", "apiVersion": "v1", "metadata": meta, "items": list(items)}


def event(kind: str, data: Json) -> Json:
    """An event of a watch."""
    return {"type": kind, "object": data}


def bookmark(version: str, *, end_of_list: bool = False) -> Json:
    """A bookmark; the one that ends an initial list has an annotation (recorded on 1.36)."""
    notes = {"annotations": {"k8s.io/initial-events-end": "true"}} if end_of_list else {}
    meta = {"resourceVersion": version, "creationTimestamp": None, **notes}
    return event("BOOKMARK", {"kind": "Pod", "apiVersion": "v1", "metadata": meta})
