"""Wrong values end the install with a message that names them; values of old releases do not."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import yaml

from tests.chart.helm import CHART, DOCUMENTED, GROUP, Helm, Refused

SCHEMA = json.loads((CHART / "values.schema.json").read_text())
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
# What the last public version of the replaced chart had, and what its guide sets since.
OLD_KEYS = (
    *("replicaCount", "nameOverride", "clusterName", "snykGroupId", "snykAPIBaseURL"),
    *("secretName", "secretProvider", "sensor.image.repository", "sensor.image.tag"),
    *("sensor.resources.requests.cpu", "sensor.resources.requests.memory"),
    *("sensor.resources.limits.cpu", "sensor.resources.limits.memory"),
    *("sensor.serviceAccount.create", "sensor.serviceAccount.annotations"),
    *("sensor.serviceAccount.name", "sensor.podAnnotations", "sensor.podLabels"),
    *("sensor.extraArgs", "role.create", "clusterRole.create", "imagePullSecret"),
    *("securityContext.privileged", "securityContext.capabilities", "workloadType"),
    *("sensor.filters.workloadTypes", "sensor.filters.namespaces", "sensor.filters.podLabels"),
)
WRONG = {
    "workloadType=statefulset": "daemonset",
    "workloadtype=deployment": "workloadtype",
    "snykGroupId=my-group": "snykGroupId",
    "snykAPIBaseURL=api snyk": "snykAPIBaseURL",
    "secretProvider=gcp": "aws",
    "secretName=": "secretName",
    "replicaCount=-1": "replicaCount",
    "sensor.filters.workloadTypes={pod}": "cronjob",
    "sensor.filters.workloadTypes=job": "workloadTypes",
    "sensor.filters.namespace={a}": "namespace",
    "sensor.image.pullPolicy=Sometimes": "IfNotPresent",
    "sensor.resources.limits.memory=much": "memory",
    "sensor.health.port=70000": "port",
    "securityContext.privileged=yes": "privileged",
    "securityContext.capabilities=SYS_ADMIN": "capabilities",
    "securityContext.runAsUser=5": "runAsUser",
    "unknown=1": "unknown",
}


def keys(properties: dict[str, Any], prefix: str = "") -> set[str]:
    """The dotted names of all values of the schema that are not groups of values."""
    found = set()
    for name, about in properties.items():
        if inner := about.get("properties"):
            found |= keys(inner, f"{prefix}{name}.")
        else:
            found.add(f"{prefix}{name}")
    return found


def leaves(values: dict[str, Any], prefix: str = "") -> set[str]:
    """The dotted names of all values of the file; an empty table is one."""
    found = set()
    for name, value in values.items():
        if isinstance(value, dict) and value:
            found |= leaves(value, f"{prefix}{name}.")
        else:
            found.add(f"{prefix}{name}")
    return found


def test_the_defaults_are_valid() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    jsonschema.validate(VALUES, SCHEMA, jsonschema.Draft7Validator)


def test_the_schema_has_exactly_the_values_of_the_file() -> None:
    """`global` is Helm's own: a chart around ours may set it."""
    assert keys(SCHEMA["properties"]) - {"global"} == leaves(VALUES)


def test_every_value_of_the_replaced_chart_is_there() -> None:
    assert set(OLD_KEYS) <= leaves(VALUES)


def test_the_documented_defaults() -> None:
    assert {name: VALUES[name] for name in ("workloadType", "snykAPIBaseURL", "secretName")} == {
        "workloadType": "daemonset",
        "snykAPIBaseURL": "api.snyk.io:443",
        "secretName": "snyk-secret",
    }


@pytest.mark.runtimes
@pytest.mark.parametrize(("value", "named"), WRONG.items())
def test_a_wrong_value_is_named(helm: Helm, value: str, named: str) -> None:
    with pytest.raises(Refused, match="specifications of the schema") as refused:
        helm.template(value)
    assert named in str(refused.value)


@pytest.mark.runtimes
@pytest.mark.parametrize(
    ("given", "expected"), [("clusterName=2024", "2024"), ("clusterName=true-blue", "true-blue")]
)
def test_what_helm_takes_for_a_number_is_a_name(helm: Helm, given: str, expected: str) -> None:
    assert helm.template(given).env["CLUSTER_NAME"] == expected


@pytest.mark.runtimes
def test_values_that_an_old_release_left_behind_are_enough(helm: Helm) -> None:
    """`helm upgrade --reuse-values` gives the new templates the values of the old chart only."""
    new = leaves(VALUES) - set(OLD_KEYS)
    made = helm.template(*(f"{key}=null" for key in sorted(new)))
    assert made == helm.template()


@pytest.mark.runtimes
def test_the_configuration_of_the_eks_add_on(helm: Helm) -> None:
    given = {
        "secretName": "snyk-secret",
        "clusterName": "prod",
        "snykGroupId": GROUP,
        "snykAPIBaseURL": "api.eu.snyk.io:443",
    }
    file = helm.home / "add-on.json"
    file.write_text(json.dumps(given))
    words = ("template", "x", CHART, "--values", file)
    (workload,) = (
        each
        for each in yaml.safe_load_all(helm.run(*words))
        if each and each["kind"] == "DaemonSet"
    )
    env = workload["spec"]["template"]["spec"]["containers"][0]["env"]
    texts = {each["name"]: each.get("value") for each in env}
    assert texts["CLUSTER_NAME"] == "prod"
    assert texts["SNYK_API_BASE_URL"] == "api.eu.snyk.io:443"


@pytest.mark.runtimes
def test_the_notes_tell_the_next_step(newest: Helm) -> None:
    """Helm 3 shows them only when it has a cluster."""
    words = [word for value in DOCUMENTED for word in ("--set", value)]
    said = newest.run("install", "my", CHART, "--namespace", "ns", "--dry-run=client", *words)
    assert "kubectl create secret generic my-secret -n ns --from-literal=snykToken=" in said
    assert "my-cluster" in said
