"""Everything that the chart can make, against the schemas of Kubernetes itself."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.chart.helm import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chart.helm import Helm, Object, Rendered
    from tests.harness.fixtures import Toolbox

    Check = Callable[[list[tuple[str, Object]]], list[str | None]]

pytestmark = pytest.mark.runtimes
SCENARIOS = {
    "default": (),
    "deployment": ("workloadType=deployment",),
    "aws": ("secretProvider=aws",),
    "privileged": ("securityContext.privileged=true",),
    "SYS_ADMIN": ("securityContext.capabilities={SYS_ADMIN}",),
    "exact": ("securityContext.exactCapabilities=true", "securityContext.capabilities={BPF}"),
    "extraCA": ("sensor.extraCA.configMap=ca",),
    "filters": ("sensor.filters.namespaces={a,b}", "sensor.filters.podLabels.a=b"),
    "pull": ("imagePullSecret=s", "sensor.podLabels.a=b", "sensor.podAnnotations.a=b"),
}
# What is rendered for, and the schemas it is held against: they begin with 1.25. The pod of 1.19
# has nothing that 1.25 does not know.
CLUSTERS = {"1.19.16": "1.25", "1.29.4": "1.29", "1.30.0": "1.30", "1.37.1": "1.37"}
# Of custom resources no schema is there; these have tests of their own.
CUSTOM = {"SecretProviderClass", "SecurityContextConstraints"}


@pytest.fixture(scope="module")
def check(toolbox: Toolbox) -> Check:
    python = toolbox.path("kubernetes-validate") / "bin/python"
    script = Path(__file__).parent / "checkobjects.py"

    def run(rows: list[tuple[str, Object]]) -> list[str | None]:
        done = subprocess.run(
            [python, script], input=json.dumps(rows), capture_output=True, text=True, check=True
        )
        answers: list[str | None] = json.loads(done.stdout)
        return answers

    return run


def rendered(helm: Helm, scenario: str, kube: str) -> Rendered:
    return helm.template(*SCENARIOS[scenario], kube=kube)


@pytest.mark.parametrize("kube", CLUSTERS)
def test_every_object_is_one_that_kubernetes_knows(newest: Helm, check: Check, kube: str) -> None:
    """Strict: a field that the version does not know is an error, as is one of a wrong type."""
    objects = {
        json.dumps(each): scenario
        for scenario in SCENARIOS
        for each in rendered(newest, scenario, kube).objects
        if each["kind"] not in CUSTOM
    }
    answers = check([(CLUSTERS[kube], json.loads(each)) for each in objects])
    assert not [each for each in zip(objects.values(), answers, strict=True) if each[1]]
    assert len(objects) > len(SCENARIOS)


def test_the_check_finds_a_field_that_does_not_exist(newest: Helm, check: Check) -> None:
    workload = rendered(newest, "default", "1.37.1").workload
    workload["spec"]["template"]["spec"]["hostPid"] = True
    (found,) = check([("1.37", workload)])
    assert found is not None
    assert "hostPid" in found


def test_the_field_of_app_armor_is_not_given_to_versions_without_it(
    newest: Helm, check: Check
) -> None:
    new = rendered(newest, "default", "1.30.0").workload
    old = rendered(newest, "default", "1.29.4").workload
    refused, allowed = check([("1.29", new), ("1.29", old)])
    assert refused is not None
    assert "appArmorProfile" in refused
    assert allowed is None


@pytest.mark.parametrize("kube", CLUSTERS)
def test_all_helms_make_the_same(helm: Helm, newest: Helm, kube: str) -> None:
    for scenario in SCENARIOS:
        assert rendered(helm, scenario, kube) == rendered(newest, scenario, kube), scenario


def test_kubernetes_before_1_19_is_refused(helm: Helm) -> None:
    with pytest.raises(Refused, match=r"1\.18"):
        rendered(helm, "default", "1.18.0")
