"""Pods, from the JSON of the API to our words."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.errors import Malformed
from sensor.kube.objects import HASH, MIRROR, MOST_EARLIER, MOST_LABELS, container_id, record_of
from sensor.model.workload import ContainerRole, ImageIdentity, PodContainer, Workload
from tests.unit.kube.made import DIGEST, digits, owner, pod, status

if TYPE_CHECKING:
    from sensor.kube.http import Json

ID = digits(7)
DEPLOYED = owner("ReplicaSet", "web-5d9")


def test_all_that_is_kept_of_a_pod() -> None:
    told = {
        "containerStatuses": [
            status("app", 7, image="docker.io/shop/web:1", imageID=f"docker.io/shop/web@{DIGEST}")
        ]
    }
    record = record_of(pod(owned=[DEPLOYED], told=told, labels={"b": "2", "a": "1"}))
    image = ImageIdentity("shop/web:1", "docker.io/shop/web:1", "1", DIGEST)
    assert record.pod.containers == (PodContainer("app", ContainerRole.MAIN, image, ID),)
    assert record.pod.workload == Workload(
        "apps/v1", "ReplicaSet", "shop", "web-5d9", "uid-of-web-5d9"
    )
    assert record.pod.labels == (("a", "1"), ("b", "2"))
    assert (record.pod.uid, record.pod.node, record.pod.finished) == (
        "uid-of-web-1",
        "node-1",
        False,
    )
    assert record.key == ("shop", "web-1")


def test_containers_of_every_role() -> None:
    spec = {
        "initContainers": [
            {"name": "setup", "image": "i:1"},
            {"name": "mesh", "image": "m:1", "restartPolicy": "Always"},
        ],
        "ephemeralContainers": [{"name": "debug", "image": "d:1", "targetContainerName": "app"}],
    }
    told = {
        "containerStatuses": [status("app", 1)],
        "initContainerStatuses": [status("setup", 2), status("mesh", 3)],
        "ephemeralContainerStatuses": [status("debug", 4)],
    }
    record = record_of(pod(spec=spec, told=told))
    found = {one.name: (one.role, one.id) for one in record.pod.containers}
    assert found == {
        "app": (ContainerRole.MAIN, digits(1)),
        "setup": (ContainerRole.INIT, digits(2)),
        "mesh": (ContainerRole.SIDECAR, digits(3)),
        "debug": (ContainerRole.EPHEMERAL, digits(4)),
    }


def test_a_pod_without_any_status_has_containers_without_ids() -> None:
    data = pod()
    del data["status"]
    (only,) = record_of(data).pod.containers
    assert only == PodContainer("app", ContainerRole.MAIN, ImageIdentity("shop/web:1", tag="1"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"containerd://{ID}", ID),
        (f"docker://{ID}", ID),
        (f"cri-o://{ID}", ID),
        (f"podman://{ID}", ID),
        (ID, ID),
        ("", ""),
        ("containerd://", ""),
        ("containerd://short", ""),
        (f"containerd://{ID.upper().replace('0', 'G')}", ""),
        (f"containerd://{ID}/../{ID}x", ""),
    ],
)
def test_the_runtime_prefix_is_cut(text: str, expected: str) -> None:
    assert container_id(text) == expected


@pytest.mark.parametrize(
    ("phase", "finished"),
    [
        ("Pending", False),
        ("Running", False),
        ("Unknown", False),
        ("Succeeded", True),
        ("Failed", True),
    ],
)
def test_what_is_finished(phase: str, finished: bool) -> None:  # noqa: FBT001 (a column of the table)
    assert record_of(pod(told={"phase": phase})).pod.finished is finished


RUNS: dict[str, object] = {"running": {}}
ENDED: dict[str, object] = {"terminated": {"exitCode": 0}}


@pytest.mark.parametrize(
    ("going", "states", "finished"),
    [
        (True, (RUNS,), False),
        (True, (ENDED, RUNS), False),
        (True, (ENDED, ENDED), True),
        (True, ({"waiting": {}},), True),
        (True, (), False),
        (False, (ENDED,), False),
    ],
)
def test_a_pod_that_is_deleted_is_finished_once_no_container_of_it_runs(
    going: bool,  # noqa: FBT001 (a column of the table)
    states: tuple[dict[str, object], ...],
    finished: bool,  # noqa: FBT001 (a column of the table)
) -> None:
    told = {"containerStatuses": [{"name": "app", "state": state} for state in states]}
    data = pod(told=told)
    if going:
        data["metadata"]["deletionTimestamp"] = "2026-11-24T11:00:00Z"
    assert record_of(data).pod.finished is finished


def test_a_restarted_container_keeps_its_earlier_id() -> None:
    last = {"terminated": {"containerID": f"containerd://{digits(1)}"}}
    told = {"containerStatuses": [status("app", 2, lastState=last)]}
    assert record_of(pod(told=told)).earlier == ((digits(1), "app"),)


def test_a_container_that_waits_after_its_end_is_told_once() -> None:
    last = {"terminated": {"containerID": f"containerd://{digits(2)}"}}
    told = {"containerStatuses": [status("app", 2, lastState=last)]}
    assert record_of(pod(told=told)).earlier == ()


def test_a_mirror_of_a_static_pod_is_known_by_the_hash_of_its_file() -> None:
    notes = {MIRROR: "ab" * 16, HASH: "ab" * 16, "kubernetes.io/config.source": "file"}
    node = owner("Node", "node-1", api_version="v1")
    record = record_of(pod("etcd-node-1", owned=[node], annotations=notes))
    assert record.pod.uid == "ab" * 16
    assert record.pod.workload == Workload("v1", "Pod", "shop", "etcd-node-1", "uid-of-etcd-node-1")


@pytest.mark.parametrize(
    "notes",
    [
        {HASH: "ab" * 16},
        {MIRROR: "x", HASH: "11111111-2222-3333-4444-555555555555"},
        {MIRROR: "x"},
    ],
)
def test_a_pod_cannot_take_the_uid_of_another(notes: dict[str, str]) -> None:
    assert record_of(pod(annotations=notes)).pod.uid == "uid-of-web-1"


@pytest.mark.parametrize(
    "reference",
    [
        {**DEPLOYED, "controller": False},
        {key: value for key, value in DEPLOYED.items() if key != "controller"},
        {**DEPLOYED, "name": "x" * 254},
        {**DEPLOYED, "kind": "X" * 64},
        {**DEPLOYED, "apiVersion": "x" * 321},
        {**DEPLOYED, "uid": "x" * 254},
    ],
    ids=["not controller", "not told", "name", "kind", "version", "uid"],
)
def test_what_is_no_controller(reference: Json) -> None:
    assert record_of(pod(owned=[reference])).pod.workload.kind == "Pod"


def test_of_many_labels_those_that_are_asked_for_are_kept() -> None:
    many = {f"k{i:04}": "v" for i in range(1000)}
    found = record_of(pod(labels=many), frozenset({"k0999"})).pod.labels
    assert ("k0999", "v") in found
    assert len(found) == MOST_LABELS + 1
    assert list(found) == sorted(found)


def test_many_ended_runs_are_bounded() -> None:
    last = [{"terminated": {"containerID": digits(i)}} for i in range(1000)]
    told = {"containerStatuses": [status(f"c{i}", lastState=one) for i, one in enumerate(last)]}
    assert len(record_of(pod(told=told)).earlier) == MOST_EARLIER


@pytest.mark.parametrize("missing", ["metadata", "spec"])
def test_what_is_no_pod(missing: str) -> None:
    data = pod()
    del data[missing]
    with pytest.raises(Malformed, match="a pod that cannot be read"):
        record_of(data)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.data())
def test_any_json_in_any_place_is_read_or_malformed(data: st.DataObject) -> None:
    made = json.loads(json.dumps(pod(owned=[DEPLOYED], told={"containerStatuses": [status("a")]})))
    node: Any = made
    while isinstance(node, dict | list) and node:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key: Any = data.draw(st.sampled_from(keys))
        if not isinstance(node[key], dict | list) or data.draw(st.booleans()):
            node[key] = data.draw(JSON)
            break
        node = node[key]
    with suppress(Malformed):
        assert record_of(made).pod.containers is not None
