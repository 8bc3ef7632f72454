"""The filters of the chart, as documented: allow-lists that must all match."""

from __future__ import annotations

from itertools import product

import pytest

from sensor.errors import UsageError
from sensor.kube.filters import TYPES, Filters, filters, type_of
from sensor.model.workload import Pod, Workload

KINDS = {
    "deployment": ("apps/v1", "Deployment"),
    "daemonset": ("apps/v1", "DaemonSet"),
    "statefulset": ("apps/v1", "StatefulSet"),
    "replicaset": ("apps/v1", "ReplicaSet"),
    "job": ("batch/v1", "Job"),
    "cronjob": ("batch/v1", "CronJob"),
}
NO_TYPE = {
    "bare pod": ("v1", "Pod"),
    "rollout": ("argoproj.io/v1alpha1", "Rollout"),
    "another group's job": ("batch.volcano.sh/v1alpha1", "Job"),
    "another group's statefulset": ("apps.kruise.io/v1beta1", "StatefulSet"),
    "a deployment config": ("apps.openshift.io/v1", "DeploymentConfig"),
    "a core object of that name": ("v1", "Deployment"),
}
ALL = KINDS | NO_TYPE


def pod_of(kind: str = "deployment", namespace: str = "shop", **labels: str) -> Pod:
    workload = Workload(*ALL[kind], namespace, "web", "u")
    return Pod("p", namespace, "web-1", "n", workload, tuple(sorted(labels.items())))


def test_the_types_are_the_documented_ones() -> None:
    assert set(TYPES) == set(KINDS)


@pytest.mark.parametrize("kind", ALL)
def test_without_filters_every_pod_is_admitted(kind: str) -> None:
    assert filters().admit(pod_of(kind))
    assert Filters().admit(pod_of(kind))


@pytest.mark.parametrize(("asked", "kind"), list(product(KINDS, ALL)))
def test_a_type_admits_exactly_its_own(asked: str, kind: str) -> None:
    assert filters(types=[asked]).admit(pod_of(kind)) is (asked == kind)


@pytest.mark.parametrize("kind", ALL)
def test_several_types_admit_each_of_them(kind: str) -> None:
    made = filters(types=["Deployment", " cronjob "])
    assert made.admit(pod_of(kind)) is (kind in {"deployment", "cronjob"})


@pytest.mark.parametrize("kind", NO_TYPE)
def test_all_types_together_do_not_admit_what_has_none(kind: str) -> None:
    assert not filters(types=KINDS).admit(pod_of(kind))


def test_old_references_to_the_extensions_group_count() -> None:
    assert type_of(Workload("extensions/v1beta1", "Deployment", "a", "b", "c")) == "deployment"
    assert type_of(Workload("batch/v1beta1", "CronJob", "a", "b", "c")) == "cronjob"


@pytest.mark.parametrize(("namespace", "expected"), [("shop", True), ("ops", True), ("x", False)])
def test_namespaces(namespace: str, expected: bool) -> None:  # noqa: FBT001 (a column of the table)
    assert filters(namespaces=["shop", "ops"]).admit(pod_of(namespace=namespace)) is expected


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"app": "web", "tier": "front"}, True),
        ({"app": "web", "tier": "front", "more": "x"}, True),
        ({"app": "web"}, False),
        ({"app": "web", "tier": "back"}, False),
        ({}, False),
    ],
)
def test_every_label_that_is_given_must_be_there(labels: dict[str, str], expected: bool) -> None:  # noqa: FBT001 (a column of the table)
    made = filters(labels={"app": "web", "tier": "front"})
    assert made.admit(pod_of(**labels)) is expected
    assert made.label_keys == {"app", "tier"}


@pytest.mark.parametrize("matching", list(product([True, False], repeat=3)))
def test_all_that_are_given_must_match(matching: tuple[bool, bool, bool]) -> None:
    by_type, by_namespace, by_label = matching
    made = filters(["deployment"], ["shop"], {"app": "web"})
    pod = pod_of(
        "deployment" if by_type else "job",
        "shop" if by_namespace else "ops",
        app="web" if by_label else "db",
    )
    assert made.admit(pod) is all(matching)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("workloadTypes", {"types": ["pod"]}),
        ("workloadTypes", {"types": ["deployments"]}),
        ("workloadTypes", {"types": [""]}),
        ("namespaces", {"namespaces": ["Shop"]}),
        ("namespaces", {"namespaces": ["a,b"]}),
        ("namespaces", {"namespaces": ["x" * 64]}),
        ("podLabels", {"labels": {"": "x"}}),
        ("podLabels", {"labels": {"a b": "x"}}),
        ("podLabels", {"labels": {"app": "no space"}}),
        ("podLabels", {"labels": {"app": "x" * 64}}),
    ],
)
def test_what_can_match_nothing_is_refused_by_name(name: str, given: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=rf"sensor\.filters\.{name}: "):
        filters(**given)  # type: ignore[arg-type] # each row gives one of them


def test_labels_may_have_a_prefix_and_an_empty_value() -> None:
    made = filters(labels={"app.kubernetes.io/name": ""})
    assert made.admit(pod_of(**{"app.kubernetes.io/name": ""}))
