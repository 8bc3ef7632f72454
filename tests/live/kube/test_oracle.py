"""The official client as the oracle: the same paths and queries, and its objects read by us."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kubernetes import client

from sensor.kube.node import node_uid
from sensor.kube.objects import record_of
from sensor.kube.owners import Owners
from sensor.model.workload import ContainerRole, Pod, PodContainer, Workload
from tests.live.kube.apiserver import Answer
from tests.unit.kube.made import DIGEST, digits, pod_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sensor.kube.http import Api, Json
    from tests.live.kube.apiserver import ApiServer


@pytest.fixture
def official(server: ApiServer) -> Iterator[client.ApiClient]:
    """An ApiClient of the package, for the same server."""
    configuration = client.Configuration()
    configuration.host = server.url
    with client.ApiClient(configuration) as made:
        yield made


def test_the_same_questions(server: ApiServer, api: Api, official: client.ApiClient) -> None:
    meta = Answer({"metadata": {"name": "x", "uid": "u"}})
    paths = {
        "/apis/apps/v1/namespaces/shop/replicasets/web-5d9": ("apps/v1", "ReplicaSet", "web-5d9"),
        "/apis/batch/v1/namespaces/shop/jobs/nightly-1": ("batch/v1", "Job", "nightly-1"),
    }
    server.objects = dict.fromkeys([*paths, "/api/v1/nodes/node-1"], meta)
    server.lists.extend([Answer(pod_list()), Answer(pod_list())])
    query = {"fieldSelector": "spec.nodeName=node-1", "resourceVersion": "5"}

    core = client.CoreV1Api(official)
    core.list_pod_for_all_namespaces(
        field_selector="spec.nodeName=node-1",
        resource_version="5",
        resource_version_match="NotOlderThan",
        _preload_content=False,
    )
    core.read_node("node-1", _preload_content=False)
    client.AppsV1Api(official).read_namespaced_replica_set(
        "web-5d9", "shop", _preload_content=False
    )
    client.BatchV1Api(official).read_namespaced_job("nightly-1", "shop", _preload_content=False)
    theirs = [(one.path, one.query) for one in server.asked]
    server.asked.clear()

    api.get("/api/v1/pods", {**query, "resourceVersionMatch": "NotOlderThan"})
    assert node_uid(api, "node-1") == "u"
    for version, kind, name in paths.values():
        Owners(api).top_of(Workload(version, kind, "shop", name, "u"))
    assert [(one.path, one.query) for one in server.asked] == theirs


def state(
    name: str, number: int, last_state: client.V1ContainerState | None = None
) -> client.V1ContainerStatus:
    return client.V1ContainerStatus(
        name=name,
        image="docker.io/shop/web:1",
        image_id=f"docker.io/shop/web@{DIGEST}",
        container_id=f"containerd://{digits(number)}",
        ready=True,
        restart_count=0,
        last_state=last_state,
    )


def test_an_object_of_the_official_model(official: client.ApiClient) -> None:
    ended = client.V1ContainerState(
        terminated=client.V1ContainerStateTerminated(
            exit_code=1, container_id=f"containerd://{digits(9)}"
        )
    )
    made = client.V1Pod(
        metadata=client.V1ObjectMeta(
            name="web-1",
            namespace="shop",
            uid="u",
            labels={"app": "web"},
            owner_references=[
                client.V1OwnerReference(
                    api_version="apps/v1", kind="DaemonSet", name="web", uid="d", controller=True
                )
            ],
        ),
        spec=client.V1PodSpec(
            node_name="node-1",
            containers=[client.V1Container(name="app", image="shop/web:1")],
            init_containers=[
                client.V1Container(name="setup", image="shop/web:1"),
                client.V1Container(name="mesh", image="shop/web:1", restart_policy="Always"),
            ],
            ephemeral_containers=[client.V1EphemeralContainer(name="debug", image="shop/web:1")],
        ),
        status=client.V1PodStatus(
            phase="Succeeded",
            container_statuses=[state("app", 1, last_state=ended)],
            init_container_statuses=[state("setup", 2), state("mesh", 3)],
            ephemeral_container_statuses=[state("debug", 4)],
        ),
    )
    serialize: Callable[[object], Json] = official.sanitize_for_serialization
    record = record_of(serialize(made))
    image = record.pod.containers[0].image
    roles = [
        ("app", ContainerRole.MAIN, 1),
        ("setup", ContainerRole.INIT, 2),
        ("mesh", ContainerRole.SIDECAR, 3),
        ("debug", ContainerRole.EPHEMERAL, 4),
    ]
    assert record.pod == Pod(
        uid="u",
        namespace="shop",
        name="web-1",
        node="node-1",
        workload=Workload("apps/v1", "DaemonSet", "shop", "web", "d"),
        labels=(("app", "web"),),
        containers=tuple(PodContainer(name, role, image, digits(i)) for name, role, i in roles),
        finished=True,
    )
    assert (image.spec, image.resolved, image.digest) == (
        "shop/web:1",
        "docker.io/shop/web:1",
        DIGEST,
    )
    assert record.earlier == ((digits(9), "app"),)
