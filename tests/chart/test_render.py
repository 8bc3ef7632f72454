"""Names, values and defaults that users of the replaced chart rely on."""

from __future__ import annotations

import pytest
import yaml

from sensor.settings import SETTINGS
from tests.chart.helm import CHART, GROUP, NAMESPACE, Helm, Refused

pytestmark = pytest.mark.runtimes
TOKEN_FILE = "/etc/runtime-sensor/token/snykToken"  # noqa: S105 - a path
SELECTOR = {"app.kubernetes.io/name": "runtime-sensor", "control-plane": "runtime-sensor"}


def test_lint_finds_nothing(helm: Helm) -> None:
    assert "0 chart(s) failed" in helm.run("lint", "--strict", CHART)


@pytest.mark.parametrize("workload", ["daemonset", "deployment"])
def test_objects_have_fixed_names_whatever_the_release_is_called(helm: Helm, workload: str) -> None:
    made = helm.template(f"workloadType={workload}")
    kind = {"daemonset": "DaemonSet", "deployment": "Deployment"}[workload]
    assert made.kinds == sorted(["ServiceAccount", "ClusterRole", "ClusterRoleBinding", kind])
    assert {each["metadata"]["name"] for each in made.objects} == {"runtime-sensor"}
    assert made.container["name"] == "runtime-sensor"
    assert made.pod["spec"]["serviceAccountName"] == "runtime-sensor"
    assert made.workload["metadata"]["namespace"] == NAMESPACE
    assert made.workload["spec"]["selector"] == {"matchLabels": SELECTOR}
    assert made.pod["metadata"]["labels"].items() >= SELECTOR.items()
    assert made.pod["metadata"]["annotations"]["snyk/runtime-sensor"] == "true"


def test_the_documented_command_becomes_the_environment_of_the_sensor(helm: Helm) -> None:
    made = helm.template()
    secret = {"secretKeyRef": {"name": "my-secret", "key": "snykToken", "optional": True}}
    assert made.env == {
        "SNYK_TOKEN": secret,
        "RUNTIME_SENSOR_TOKEN_FILE": TOKEN_FILE,
        "CLUSTER_NAME": "my-cluster",
        "SNYK_GROUP_ID": GROUP,
        "SNYK_API_BASE_URL": "api.snyk.io:443",
        "NODE_NAME": {"fieldRef": {"fieldPath": "spec.nodeName"}},
        "RUNTIME_SENSOR_MODE": "daemonset",
        "RUNTIME_SENSOR_HEALTH": ":8181",
    }
    assert made.container["command"] == ["runtime-sensor"]
    assert made.container["args"] == ["run", "--sink", "snyk"]
    config_map = {"configMapRef": {"name": "env-config-map", "optional": True}}
    assert made.container["envFrom"] == [config_map]


def test_every_variable_is_one_that_the_sensor_reads(helm: Helm) -> None:
    filters = "sensor.filters.namespaces={a},sensor.filters.workloadTypes={job}"
    labels = "sensor.filters.podLabels.a=b,sensor.extraCA.configMap=ca"
    variables = {about.variable for about in SETTINGS.values()}
    assert set(helm.template(filters, labels).env) <= variables


def test_the_token_is_a_file_too_that_may_come_later(helm: Helm) -> None:
    made = helm.template()
    (volume,) = (each for each in made.pod["spec"]["volumes"] if each["name"] == "token")
    item = {"key": "snykToken", "path": "snykToken"}
    assert volume["secret"]["secretName"] == "my-secret"
    assert volume["secret"]["items"] == [item]
    assert volume["secret"]["optional"] is True
    mounts = {each["name"]: each for each in made.container["volumeMounts"]}
    assert mounts["token"]["mountPath"] == TOKEN_FILE.rpartition("/")[0]
    assert all(each["readOnly"] is True for each in mounts.values())


def test_default_secret_name_and_resources(helm: Helm) -> None:
    made = helm.template("clusterName=c", f"snykGroupId={GROUP}", documented=False)
    assert made.env["SNYK_TOKEN"]["secretKeyRef"]["name"] == "snyk-secret"
    assert made.container["resources"] == {
        "requests": {"cpu": "100m", "memory": "512Mi"},
        "limits": {"cpu": "500m", "memory": "1024Mi"},
    }
    assert made.pod["spec"]["tolerations"] == [{"operator": "Exists"}]


@pytest.mark.parametrize("missing", ["clusterName", "snykGroupId"])
def test_what_must_be_given_is_named(helm: Helm, missing: str) -> None:
    with pytest.raises(Refused, match=f"{missing} is required: --set {missing}="):
        helm.template(f"{missing}=")


def test_filters_reach_the_sensor_in_its_own_words(helm: Helm) -> None:
    made = helm.template(
        "sensor.filters.workloadTypes={deployment,cronjob}",
        "sensor.filters.namespaces={ns1,ns2}",
        "sensor.filters.podLabels.key1=value1",
        r"sensor.filters.podLabels.example\.com/on=true",
    )
    parsed = {
        name: SETTINGS[name].type.parse(made.env[SETTINGS[name].variable])
        for name in ("workload_types", "namespaces", "pod_labels")
    }
    assert parsed == {
        "workload_types": ("deployment", "cronjob"),
        "namespaces": ("ns1", "ns2"),
        "pod_labels": (("example.com/on", "true"), ("key1", "value1")),
    }


def test_every_other_documented_value(helm: Helm) -> None:
    made = helm.template(
        "snykAPIBaseURL=api.eu.snyk.io:443",
        "sensor.image.repository=registry.example.com/sensor,sensor.image.tag=v9",
        "sensor.resources.requests.memory=600Mi,sensor.resources.limits.cpu=1",
        "sensor.serviceAccount.name=mine,sensor.serviceAccount.annotations.role=arn",
        "sensor.podAnnotations.note=text,sensor.podLabels.team=blue",
        "sensor.extraArgs={--log-level,debug}",
        "imagePullSecret=pull-me",
    )
    assert made.env["SNYK_API_BASE_URL"] == "api.eu.snyk.io:443"
    assert made.container["image"] == "registry.example.com/sensor:v9"
    assert made.container["resources"]["requests"] == {"cpu": "100m", "memory": "600Mi"}
    assert made.container["resources"]["limits"]["cpu"] == 1
    assert made.one("ServiceAccount")["metadata"]["name"] == "mine"
    assert made.one("ServiceAccount")["metadata"]["annotations"] == {"role": "arn"}
    assert made.one("ClusterRoleBinding")["subjects"][0]["name"] == "mine"
    assert made.pod["spec"]["serviceAccountName"] == "mine"
    assert made.pod["metadata"]["annotations"]["note"] == "text"
    assert made.pod["metadata"]["labels"]["team"] == "blue"
    assert made.container["args"][-2:] == ["--log-level", "debug"]
    assert made.pod["spec"]["imagePullSecrets"] == [{"name": "pull-me"}]


def test_what_is_not_to_be_made_is_not(helm: Helm) -> None:
    off = ("sensor.serviceAccount.create=false", "clusterRole.create=false", "role.create=false")
    assert helm.template(*off).kinds == ["DaemonSet"]


def test_nothing_needs_a_role(helm: Helm) -> None:
    assert helm.template("role.create=true") == helm.template("role.create=false")


def test_a_label_of_the_selector_cannot_be_replaced(helm: Helm) -> None:
    made = helm.template("sensor.podLabels.control-plane=mine")
    assert made.pod["metadata"]["labels"]["control-plane"] == "runtime-sensor"


def test_name_override_is_a_label_and_no_name(helm: Helm) -> None:
    made = helm.template("nameOverride=other")
    assert made.workload["metadata"]["name"] == "runtime-sensor"
    assert made.workload["spec"]["selector"]["matchLabels"] == {
        **SELECTOR,
        "app.kubernetes.io/name": "other",
    }


@pytest.mark.parametrize("replicas", [0, 1, 3])
def test_replicas_are_of_the_deployment(helm: Helm, replicas: int) -> None:
    made = helm.template("workloadType=deployment", f"replicaCount={replicas}")
    assert made.workload["spec"]["replicas"] == replicas
    assert "replicas" not in helm.template(f"replicaCount={replicas}").workload["spec"]


def test_extra_certificates(helm: Helm) -> None:
    made = helm.template("sensor.extraCA.configMap=company-ca", "sensor.extraCA.key=root.pem")
    assert made.env["RUNTIME_SENSOR_EXTRA_CA"] == "/etc/runtime-sensor/ca/root.pem"
    (volume,) = (each for each in made.pod["spec"]["volumes"] if each["name"] == "extra-ca")
    assert volume["configMap"] == {"name": "company-ca"}
    (mount,) = (each for each in made.container["volumeMounts"] if each["name"] == "extra-ca")
    assert mount == {"name": "extra-ca", "mountPath": "/etc/runtime-sensor/ca", "readOnly": True}


def test_probes_ask_where_the_sensor_answers(helm: Helm) -> None:
    made = helm.template("sensor.health.port=9000")
    parsed = SETTINGS["health"].type.parse(made.env["RUNTIME_SENSOR_HEALTH"])
    assert parsed == ("", 9000)
    (port,) = made.container["ports"]
    assert port["containerPort"] == 9000
    paths = {}
    for probe in ("livenessProbe", "readinessProbe"):
        asked = made.container[probe]["httpGet"]
        assert asked["port"] == port["name"]
        paths[probe] = asked["path"]
    assert paths == {"livenessProbe": "/healthz", "readinessProbe": "/readyz"}


def test_aws_makes_the_documented_class_and_volume(helm: Helm) -> None:
    made = helm.template("secretProvider=aws")
    spec = made.one("SecretProviderClass")["spec"]
    assert spec["provider"] == "aws"
    key = {"key": "snykToken", "objectName": "snykToken"}
    synced = {"secretName": "my-secret", "type": "Opaque", "data": [key]}
    assert spec["secretObjects"] == [synced]
    path = {"path": "snykToken", "objectAlias": "snykToken"}
    wanted = {"objectName": "my-secret", "objectType": "secretsmanager", "jmesPath": [path]}
    assert yaml.safe_load(spec["parameters"]["objects"]) == [wanted]
    (volume,) = (each for each in made.pod["spec"]["volumes"] if each["name"] == "token")
    assert volume["csi"] == {
        "driver": "secrets-store.csi.k8s.io",
        "readOnly": True,
        "volumeAttributes": {"secretProviderClass": "runtime-sensor"},
    }
    assert "SecretProviderClass" not in helm.template().kinds
