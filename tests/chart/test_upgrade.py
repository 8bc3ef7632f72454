"""`helm upgrade` from a chart of the replaced shape: what cannot be changed stays as it was.

The old chart is made here, from what its users are told of it: object names, selector, values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chart.helm import DOCUMENTED

if TYPE_CHECKING:
    from pathlib import Path

    from tests.chart.helm import Helm, Object

pytestmark = pytest.mark.runtimes
OLD_CHART = """\
apiVersion: v2
name: runtime-sensor
version: 1.60.0
appVersion: 1.60.0
"""
OLD_TEMPLATE = """\
apiVersion: v1
kind: ServiceAccount
metadata: {name: runtime-sensor}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: runtime-sensor}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: runtime-sensor}
subjects: [{kind: ServiceAccount, name: runtime-sensor, namespace: "{{ .Release.Namespace }}"}]
---
apiVersion: apps/v1
kind: {{ ternary "Deployment" "DaemonSet" (eq (.Values.workloadType | default "") "deployment") }}
metadata: {name: runtime-sensor}
spec:
  selector: &selector
    matchLabels: {app.kubernetes.io/name: runtime-sensor, control-plane: runtime-sensor}
  template:
    metadata:
      labels: {app.kubernetes.io/name: runtime-sensor, control-plane: runtime-sensor}
    spec:
      serviceAccountName: runtime-sensor
      containers: [{name: runtime-sensor, image: "runtime-sensor:1.60.0"}]
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    chart = tmp_path / "old"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text(OLD_CHART)
    (chart / "templates/all.yaml").write_text(OLD_TEMPLATE)
    return chart


def fixed(each: Object) -> dict[str, object]:
    """What the API server refuses to change: a selector, and what a binding is of."""
    return {
        "name": each["metadata"]["name"],
        "selector": each.get("spec", {}).get("selector"),
        "roleRef": each.get("roleRef"),
    }


@pytest.mark.parametrize("workload", ["daemonset", "deployment"])
def test_nothing_that_cannot_be_changed_is_changed(helm: Helm, old: Path, workload: str) -> None:
    before = helm.template(f"workloadType={workload}", chart=old)
    after = helm.template(f"workloadType={workload}")
    for each in before.objects:
        assert fixed(after.one(each["kind"])) == fixed(each)
    (container,) = before.pod["spec"]["containers"]
    assert after.container["name"] == container["name"]


def test_the_documented_upgrade_needs_no_further_value(helm: Helm) -> None:
    names = {value.partition("=")[0] for value in DOCUMENTED}
    assert names == {"secretName", "clusterName", "snykGroupId"}
    assert helm.template().kinds.count("DaemonSet") == 1
