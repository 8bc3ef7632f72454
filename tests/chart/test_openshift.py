"""OpenShift: the SecurityContextConstraints, against OpenShift's own schema and against the pod."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from tests.chart.helm import NAMESPACE
from tests.fetch.chart import SPEC

if TYPE_CHECKING:
    from tests.chart.helm import Helm, Object, Rendered
    from tests.harness.fixtures import Toolbox

pytestmark = pytest.mark.runtimes
# What `helm` asks the API server for; OpenShift serves this group.
API = "security.openshift.io/v1"
NAME = "com.github.openshift.api.security.v1.SecurityContextConstraints"
KIND = "SecurityContextConstraints"
SCENARIOS = (
    (),
    ("securityContext.privileged=true",),
    ("securityContext.capabilities={SYS_ADMIN}",),
    ("securityContext.exactCapabilities=true", "securityContext.capabilities={BPF}"),
    ("sensor.extraCA.configMap=ca",),
    ("secretProvider=aws",),
)


@pytest.fixture(scope="module")
def schema(toolbox: Toolbox) -> dict[str, Any]:
    """The schema, with fields that it does not know made an error."""
    file = toolbox.path("openshift-spec") / "bin" / SPEC
    definitions = json.loads(gzip.decompress(file.read_bytes()))["definitions"]
    return {"definitions": _closed(definitions), "$ref": f"#/definitions/{NAME}"}


def _closed(part: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(part, list):
        return [_closed(each) for each in part]
    if not isinstance(part, dict):
        return part
    more = {"additionalProperties": False} if "properties" in part else {}
    return more | {key: _closed(value) for key, value in part.items()}


def on_openshift(helm: Helm, *values: str) -> Rendered:
    return helm.template(*values, apis=(API,))


def allows(constraints: Object, pod: Object) -> list[str]:
    """What the pod asks for and the constraints do not allow.

    The rules are OpenShift's (docs, "Managing security context constraints"): capabilities,
    volumes, host namespaces, privilege.
    """
    (container,) = pod["spec"]["containers"]
    context = container["securityContext"]
    added = set(context.get("capabilities", {}).get("add", ()))
    kinds = {key for each in pod["spec"]["volumes"] for key in each if key != "name"}
    lacks = {
        "capabilities": added - set(constraints["allowedCapabilities"] or ()),
        "volumes": kinds - set(constraints["volumes"]),
    }
    asked = {
        "allowHostPID": pod["spec"].get("hostPID", False),
        "allowHostDirVolumePlugin": "hostPath" in kinds,
        "allowPrivilegedContainer": context.get("privileged", False),
        # Without a word Kubernetes takes true.
        "allowPrivilegeEscalation": context.get("allowPrivilegeEscalation", True),
    }
    refused = [key for key, wanted in asked.items() if wanted and not constraints[key]]
    return refused + [key for key, missing in lacks.items() if missing]


@pytest.mark.parametrize("values", SCENARIOS, ids=" ".join)
def test_it_is_one_that_openshift_knows_and_allows_the_pod(
    helm: Helm, schema: dict[str, Any], values: tuple[str, ...]
) -> None:
    made = on_openshift(helm, *values)
    constraints = made.one(KIND)
    jsonschema.validate(constraints, schema, jsonschema.Draft4Validator)
    assert not allows(constraints, made.pod)
    assert constraints["readOnlyRootFilesystem"] is True


def test_the_check_finds_what_is_not_allowed(helm: Helm) -> None:
    constraints = on_openshift(helm).one(KIND)
    pod = helm.template("securityContext.capabilities={SYS_ADMIN}").pod
    assert allows(constraints, pod) == ["allowPrivilegeEscalation", "capabilities"]
    pod = helm.template("securityContext.privileged=true").pod
    refused = ["allowPrivilegedContainer", "allowPrivilegeEscalation"]
    assert allows(constraints, pod) == refused


def test_the_schema_finds_a_field_that_does_not_exist(helm: Helm, schema: dict[str, Any]) -> None:
    constraints = on_openshift(helm).one(KIND) | {"allowHostPid": True}
    with pytest.raises(jsonschema.ValidationError, match="allowHostPid"):
        jsonschema.validate(constraints, schema, jsonschema.Draft4Validator)


def test_it_is_for_our_service_account_only_and_allows_no_more_than_is_asked(helm: Helm) -> None:
    made = on_openshift(helm)
    constraints = made.one(KIND)
    assert constraints["users"] == [f"system:serviceaccount:{NAMESPACE}:runtime-sensor"]
    assert constraints["groups"] == []
    added = made.container["securityContext"]["capabilities"]["add"]
    assert constraints["allowedCapabilities"] == added
    allowed = {key for key, value in constraints.items() if value is True}
    assert allowed == {"allowHostPID", "allowHostDirVolumePlugin", "readOnlyRootFilesystem"}


@pytest.mark.parametrize("values", [("openshift.createSCC=false",), ("workloadType=deployment",)])
def test_it_is_not_made_where_nobody_wants_it(helm: Helm, values: tuple[str, ...]) -> None:
    assert KIND not in on_openshift(helm, *values).kinds
    assert KIND not in helm.template().kinds


def test_openshift_chooses_the_user_of_the_deployment(helm: Helm) -> None:
    pod = on_openshift(helm, "workloadType=deployment").pod
    assert pod["spec"]["securityContext"] == {
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
