"""What the pods may do, and what they may not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sensor.kube.rbac import RULES

if TYPE_CHECKING:
    from tests.chart.helm import Helm

pytestmark = pytest.mark.runtimes
SIX = ["BPF", "PERFMON", "SYS_RESOURCE", "DAC_READ_SEARCH", "SYS_PTRACE", "NET_ADMIN"]
ANNOTATION = "container.apparmor.security.beta.kubernetes.io/runtime-sensor"
# Also of builds that providers name in their own way.
WITHOUT_FIELD = ("1.19.16", "1.29.4", "1.29.9-eks-1234567", "1.29.15+k3s1")
WITH_FIELD = ("1.30.0", "1.30.1-gke.1234", "1.37.1")


def context(helm: Helm, *values: str) -> dict[str, Any]:
    found: dict[str, Any] = helm.template(*values).container["securityContext"]
    return found


def test_the_sensor_on_a_node_has_six_capabilities_and_no_more(helm: Helm) -> None:
    made = helm.template()
    assert made.container["securityContext"] == {
        "runAsUser": 0,
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"], "add": SIX},
    }
    assert made.pod["spec"]["hostPID"] is True
    assert not {"hostNetwork", "hostIPC"} & made.pod["spec"].keys()


def test_of_the_host_only_the_cgroups_are_mounted_and_read_only(helm: Helm) -> None:
    made = helm.template()
    paths = {
        each["name"]: each["hostPath"] for each in made.pod["spec"]["volumes"] if "hostPath" in each
    }
    assert paths == {"cgroup": {"path": "/sys/fs/cgroup", "type": "Directory"}}
    mounts = [each for each in made.container["volumeMounts"] if each["name"] == "cgroup"]
    assert mounts == [{"name": "cgroup", "mountPath": "/sys/fs/cgroup", "readOnly": True}]


@pytest.mark.parametrize("name", ["SYS_ADMIN", "CAP_SYS_ADMIN", "sys_admin"])
def test_the_documented_troubleshooting_takes_no_capability_away(helm: Helm, name: str) -> None:
    found = context(helm, f"securityContext.capabilities={{{name}}}")
    assert found["capabilities"] == {"drop": ["ALL"], "add": [*SIX, "SYS_ADMIN"]}
    assert found["allowPrivilegeEscalation"] is True


def test_a_capability_that_is_given_twice_is_added_once(helm: Helm) -> None:
    found = context(helm, "securityContext.capabilities={BPF,CHECKPOINT_RESTORE}")
    assert found["capabilities"]["add"] == [*SIX, "CHECKPOINT_RESTORE"]
    assert found["allowPrivilegeEscalation"] is False


def test_a_smaller_set_is_given_only_when_it_is_said_to_be_exact(helm: Helm) -> None:
    exact = "securityContext.exactCapabilities=true"
    some = context(helm, exact, "securityContext.capabilities={SYS_PTRACE,DAC_READ_SEARCH}")
    assert some["capabilities"] == {"drop": ["ALL"], "add": ["SYS_PTRACE", "DAC_READ_SEARCH"]}
    assert context(helm, exact)["capabilities"] == {"drop": ["ALL"]}


def test_privileged(helm: Helm) -> None:
    """Kubernetes refuses allowPrivilegeEscalation: false together with it."""
    found = context(helm, "securityContext.privileged=true")
    assert found == {"runAsUser": 0, "readOnlyRootFilesystem": True, "privileged": True}


@pytest.mark.parametrize("kube", WITHOUT_FIELD)
def test_app_armor_by_annotation_before_1_30(helm: Helm, kube: str) -> None:
    made = helm.template(kube=kube)
    assert made.pod["metadata"]["annotations"][ANNOTATION] == "unconfined"
    assert "appArmorProfile" not in made.container["securityContext"]


@pytest.mark.parametrize("kube", WITH_FIELD)
def test_app_armor_by_field_from_1_30_on(helm: Helm, kube: str) -> None:
    made = helm.template(kube=kube)
    assert ANNOTATION not in made.pod["metadata"]["annotations"]
    assert made.container["securityContext"]["appArmorProfile"] == {"type": "Unconfined"}


@pytest.mark.parametrize("kube", ["1.19.16", "1.37.1"])
@pytest.mark.parametrize(
    "value",
    ["replicaCount=1", "securityContext.privileged=true", "securityContext.capabilities={BPF}"],
)
def test_the_deployment_has_no_right_on_a_node(helm: Helm, kube: str, value: str) -> None:
    made = helm.template("workloadType=deployment", value, kube=kube)
    assert made.container["securityContext"] == {
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    spec = made.pod["spec"]
    assert not {"hostPID", "hostNetwork", "hostIPC", "tolerations"} & spec.keys()
    assert not [each for each in spec["volumes"] if "hostPath" in each]
    assert spec["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert ANNOTATION not in made.pod["metadata"]["annotations"]
    assert made.env["RUNTIME_SENSOR_MODE"] == "deployment"


def test_the_cluster_role_grants_what_the_code_asks_for_and_no_more(helm: Helm) -> None:
    role = helm.template().one("ClusterRole")
    granted = {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert granted == {(rule.group, rule.resource, verb) for rule in RULES for verb in rule.verbs}


def test_the_deployment_asks_for_no_node(helm: Helm) -> None:
    """A node's uid names the agent on it; the Deployment is of no node."""
    rules = helm.template("workloadType=deployment").one("ClusterRole")["rules"]
    resources = {resource for rule in rules for resource in rule["resources"]}
    assert resources == {rule.resource for rule in RULES} - {"nodes"}


def test_the_role_is_bound_to_the_service_account_of_the_pod(helm: Helm) -> None:
    made = helm.template()
    binding = made.one("ClusterRoleBinding")
    assert binding["roleRef"]["name"] == made.one("ClusterRole")["metadata"]["name"]
    account = made.one("ServiceAccount")["metadata"]
    subject = {"kind": "ServiceAccount", "name": account["name"]}
    assert binding["subjects"] == [{**subject, "namespace": account["namespace"]}]
    assert made.pod["spec"]["serviceAccountName"] == account["name"]


def test_services_of_the_namespace_do_not_become_settings(helm: Helm) -> None:
    assert helm.template().pod["spec"]["enableServiceLinks"] is False


def test_it_does_not_wait_for_ever_on_nodes_that_are_none(helm: Helm) -> None:
    affinity = helm.template().pod["spec"]["affinity"]["nodeAffinity"]
    (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert {each["key"]: each["operator"] for each in term["matchExpressions"]} == {
        "eks.amazonaws.com/compute-type": "NotIn",
        "type": "NotIn",
    }
