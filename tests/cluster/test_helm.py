"""Helm installs, changes and removes a chart: 3.9 on 1.20, 4.3 on a current cluster."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cluster.each import check_each
from tests.cluster.manifests import controller

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster.lab import Cluster

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


def test_a_release_comes_changes_and_goes(clusters: dict[str, Cluster], chart: Path) -> None:
    def check(cluster: Cluster, namespace: str) -> None:
        helm = cluster.client.helm
        place = f"--namespace={namespace}"
        helm("install", "one", str(chart), place, "--wait")
        assert pods(cluster, namespace) == 1
        more = ("upgrade", "one", str(chart), place, "--set=pods=2", "--wait")
        helm(*more)
        assert pods(cluster, namespace) == 2
        helm("uninstall", "one", place)
        cluster.until(lambda: pods(cluster, namespace) == 0, "its pods are going")

    check_each(clusters, check)
