"""A chart of the shape that ours replaces: the same object names and selector, another program.

Made from what its users are told of it. JSON is YAML too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.cluster.images import SHELL_IMAGE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster.manifests import Object

NAME = "runtime-sensor"
LABELS = {"app.kubernetes.io/name": NAME, "control-plane": NAME}
RBAC = "rbac.authorization.k8s.io"
READ = ["get", "list", "watch"]
APPS = ["deployments", "daemonsets", "statefulsets", "replicasets"]


def write(folder: Path) -> Path:
    """Write the chart into a new folder, and return it."""
    (folder / "templates").mkdir(parents=True)
    chart = {"apiVersion": "v2", "name": NAME, "version": "1.60.0", "appVersion": "1.60.0"}
    (folder / "Chart.yaml").write_text(json.dumps(chart))
    for one in _objects():
        (folder / "templates" / f"{one['kind'].lower()}.yaml").write_text(json.dumps(one))
    return folder


def _objects() -> list[Object]:
    account = {"kind": "ServiceAccount", "name": NAME, "namespace": "{{ .Release.Namespace }}"}
    role = {"apiGroup": RBAC, "kind": "ClusterRole", "name": NAME}
    rules = [
        {"apiGroups": [""], "resources": ["pods"], "verbs": READ},
        {"apiGroups": ["apps"], "resources": APPS, "verbs": READ},
    ]
    return [
        _object("v1", "ServiceAccount"),
        _object(f"{RBAC}/v1", "ClusterRole", rules=rules),
        _object(f"{RBAC}/v1", "ClusterRoleBinding", roleRef=role, subjects=[account]),
        _object("apps/v1", "DaemonSet", spec=_daemon_set()),
    ]


def _daemon_set() -> Object:
    spec = {
        "serviceAccountName": NAME,
        "hostPID": True,
        "tolerations": [{"operator": "Exists"}],
        "containers": [{"name": NAME, "image": SHELL_IMAGE}],
    }
    template = {"metadata": {"labels": LABELS}, "spec": spec}
    return {"selector": {"matchLabels": LABELS}, "template": template}


def _object(version: str, kind: str, **fields: object) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": NAME}, **fields}
