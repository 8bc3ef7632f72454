"""Helm installs, changes and removes a chart: 3.9 on 1.20, 4.3 on a current cluster."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cluster.manifests import controller
from tests.cluster.recipes import CURRENT, OLD

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster.lab import Cluster
    from tests.harness.fixtures import Toolbox

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.root,
    pytest.mark.container,
    # The first test of a cluster starts it.
    pytest.mark.timeout(600),
]


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    """Return a chart of one Deployment, whose number of pods is a value. JSON is YAML too."""
    folder = tmp_path / "small"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text('{"apiVersion": "v2", "name": "small", "version": "1.0.0"}')
    (folder / "values.yaml").write_text('{"pods": 1}')
    deployment = controller("Deployment", "small", "NAMESPACE")
    deployment["spec"]["replicas"] = "PODS"
    text = json.dumps(deployment).replace('"PODS"', "{{ .Values.pods }}")
    text = text.replace("NAMESPACE", "{{ .Release.Namespace }}")
    (folder / "templates" / "deployment.yaml").write_text(text)
    return folder


def pods(cluster: Cluster, namespace: str) -> int:
    """Count those that stay. A kubelet of 1.20 needs up to a minute to let go of ended ones."""
    found = cluster.client.get("pods", f"--namespace={namespace}")["items"]
    return sum("deletionTimestamp" not in one["metadata"] for one in found)


@pytest.mark.parametrize(("version", "helm"), [(OLD, "helm-3.9"), (CURRENT, "helm-4.3")])
def test_a_release_comes_changes_and_goes(
    version: str, helm: str, chart: Path, toolbox: Toolbox, request: pytest.FixtureRequest
) -> None:
    cluster: Cluster = request.getfixturevalue({OLD: "old", CURRENT: "current"}[version])
    program = toolbox.path(helm) / "bin" / "helm"
    with cluster.namespace() as namespace:
        place = f"--namespace={namespace}"
        cluster.client.helm(program, "install", "one", str(chart), place, "--wait")
        assert pods(cluster, namespace) == 1
        more = ("upgrade", "one", str(chart), place, "--set=pods=2", "--wait")
        cluster.client.helm(program, *more)
        assert pods(cluster, namespace) == 2
        cluster.client.helm(program, "uninstall", "one", place)
        cluster.until(lambda: pods(cluster, namespace) == 0, "its pods are going")
