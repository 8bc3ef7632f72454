"""The uid of our node: it names this agent to the receiver, and stays when the pod is replaced."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sensor.kube.errors import NoCredentials, Unreachable
from sensor.kube.owners import METADATA

if TYPE_CHECKING:
    from sensor.kube.http import Api

# RFC 1123 subdomain (kubernetes.io, "Object Names and IDs").
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


def node_uid(api: Api, name: str) -> str:
    """metadata.uid of the node. Raises KubeError; NoCredentials when this is no node's name."""
    if not _NAME.fullmatch(name):
        raise NoCredentials(f"{name!r} is not the name of a node (NODE_NAME)")
    meta = api.get(f"/api/v1/nodes/{name}", accept=METADATA).get("metadata") or {}
    if not meta.get("uid"):
        raise Unreachable(f"the API server tells no uid of node {name}")
    return str(meta["uid"])
