"""Top controllers: which are asked for, how often, and what is said when nobody answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from sensor.kube.errors import (
    Closed,
    Forbidden,
    KubeError,
    NotFound,
    Refused,
    TooLarge,
    Unauthorized,
    Unreachable,
)
from sensor.kube.owners import FORBIDDEN_SECONDS, METADATA, MOST_KEPT, PAUSE_SECONDS, Owners, Top
from sensor.model.workload import Workload
from tests.unit.kube.made import owner

if TYPE_CHECKING:
    from sensor.kube.http import Api, Json

REPLICASET = "/apis/apps/v1/namespaces/shop/replicasets/web-5d9"
JOB = "/apis/batch/v1/namespaces/shop/jobs/nightly-1"


class FakeApi:
    """Answers out of a table; what it is asked is kept."""

    def __init__(self, **answers: Json | KubeError) -> None:
        self.answers: dict[str, Json | KubeError] = dict(answers)
        self.asked: list[str] = []

    def get(self, path: str, query: None = None, accept: str = "") -> Json:
        assert query is None
        assert accept == METADATA
        self.asked.append(path)
        answer = self.answers.get(path, NotFound(404, "not found"))
        if isinstance(answer, KubeError):
            raise answer
        return answer


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def workload(
    kind: str, name: str, api_version: str = "apps/v1", namespace: str = "shop"
) -> Workload:
    return Workload(api_version, kind, namespace, name, f"uid-of-{name}")


def owned_by(name: str, *owners: Json, **more: object) -> Json:
    return {"metadata": {"name": name, "uid": f"uid-of-{name}", "ownerReferences": owners, **more}}


def owners_of(api: FakeApi, clock: Clock | None = None) -> Owners:
    return Owners(cast("Api", api), clock or Clock())


DEPLOYMENT = workload("Deployment", "web")
REPLICAS = workload("ReplicaSet", "web-5d9")
NIGHTLY = workload("Job", "nightly-1", "batch/v1")


def test_a_replicaset_of_a_deployment() -> None:
    api = FakeApi(**{REPLICASET: owned_by("web-5d9", owner("Deployment", "web"))})
    assert owners_of(api).top_of(REPLICAS) == Top(DEPLOYMENT)
    assert api.asked == [REPLICASET]


def test_an_old_reference_to_the_extensions_group_is_asked_for_where_it_is_served() -> None:
    api = FakeApi(**{REPLICASET: owned_by("web-5d9", owner("Deployment", "web"))})
    old = workload("ReplicaSet", "web-5d9", "extensions/v1beta1")
    assert owners_of(api).top_of(old) == Top(DEPLOYMENT)


@pytest.mark.parametrize("version", ["batch/v1", "batch/v1beta1"])
def test_a_job_of_a_cronjob_of_either_version(version: str) -> None:
    above = owner("CronJob", "nightly", api_version=version)
    api = FakeApi(**{JOB: owned_by("nightly-1", above)})
    assert owners_of(api).top_of(NIGHTLY) == Top(workload("CronJob", "nightly", version))


@pytest.mark.parametrize(("below", "path"), [(REPLICAS, REPLICASET), (NIGHTLY, JOB)])
def test_one_without_an_owner_is_the_top(below: Workload, path: str) -> None:
    api = FakeApi(**{path: {"metadata": {"name": below.name, "uid": below.uid}}})
    assert owners_of(api).top_of(below) == Top(below)


def test_a_custom_owner_of_a_replicaset_is_known_without_a_call() -> None:
    rollout = owner("Rollout", "web", api_version="argoproj.io/v1alpha1")
    api = FakeApi(**{REPLICASET: owned_by("web-5d9", rollout)})
    assert owners_of(api).top_of(REPLICAS).workload.kind == "Rollout"
    assert api.asked == [REPLICASET]


@pytest.mark.parametrize(
    "top",
    [
        workload("Deployment", "web"),
        workload("DaemonSet", "agent"),
        workload("StatefulSet", "db"),
        workload("CronJob", "nightly", "batch/v1"),
        workload("Pod", "web-1", "v1"),
        workload("Rollout", "web", "argoproj.io/v1alpha1"),
        workload("Job", "train", "batch.volcano.sh/v1alpha1"),
        workload("ReplicaSet", "web", "example.org/v1"),
        workload("ReplicationController", "web", "v1"),
    ],
    ids=lambda top: f"{top.api_version} {top.kind}",
)
def test_nothing_else_is_ever_asked_for(top: Workload) -> None:
    api = FakeApi()
    assert owners_of(api).top_of(top) == Top(top)
    assert api.asked == []


@pytest.mark.parametrize(
    "name",
    ["..", ".", "a/b", "../../../../api/v1/secrets", "a%2fb", "a?watch=1", "a#b", "", "A", "a b"],
)
def test_a_name_that_no_object_can_have_goes_into_no_path(name: str) -> None:
    api = FakeApi()
    made_up = workload("ReplicaSet", name)
    assert owners_of(api).top_of(made_up) == Top(made_up)
    assert api.asked == []


def test_each_owner_is_asked_for_once() -> None:
    api = FakeApi(**{REPLICASET: owned_by("web-5d9", owner("Deployment", "web"))})
    owners = owners_of(api)
    assert {owners.top_of(REPLICAS) for _ in range(100)} == {Top(DEPLOYMENT)}
    assert len(api.asked) == 1


def test_a_missing_owner_is_the_top_and_is_not_asked_for_again() -> None:
    api = FakeApi()
    owners = owners_of(api)
    assert [owners.top_of(REPLICAS) for _ in range(3)] == [Top(REPLICAS)] * 3
    assert api.asked == [REPLICASET]
    assert owners.gaps() == ()


def test_a_namesake_of_a_deleted_owner_is_not_believed() -> None:
    other = {"uid": "a newer one"}
    api = FakeApi(**{REPLICASET: owned_by("web-5d9", owner("Deployment", "web"), **other)})
    assert owners_of(api).top_of(REPLICAS) == Top(REPLICAS)


def test_a_reference_with_somebody_elses_uid_spoils_nothing() -> None:
    api = FakeApi(**{REPLICASET: owned_by("web-5d9", owner("Deployment", "web"))})
    owners = owners_of(api)
    liar = Workload("apps/v1", "ReplicaSet", "evil", "mine", REPLICAS.uid)
    assert owners.top_of(liar) == Top(liar)
    assert owners.top_of(REPLICAS) == Top(DEPLOYMENT)


def test_a_circle_of_owners_ends() -> None:
    path = "/apis/apps/v1/namespaces/shop/replicasets/{}"
    api = FakeApi(
        **{
            path.format("a"): owned_by("a", owner("ReplicaSet", "b")),
            path.format("b"): owned_by("b", owner("ReplicaSet", "a")),
        }
    )
    assert owners_of(api).top_of(workload("ReplicaSet", "a")).workload.kind == "ReplicaSet"
    assert len(api.asked) == 2


def test_forbidden_is_a_gap_and_is_tried_again_after_ten_minutes() -> None:
    api, clock = FakeApi(**{REPLICASET: Forbidden(403, "no get of replicasets")}), Clock()
    owners = owners_of(api, clock)
    assert [owners.top_of(REPLICAS) for _ in range(50)] == [Top(REPLICAS, settled=False)] * 50
    assert len(api.asked) == 1
    (gap,) = owners.gaps()
    assert (gap.runtime, gap.reason) == ("kubernetes", "owner not readable")
    assert "no get of replicasets" in gap.detail
    clock.now += FORBIDDEN_SECONDS
    api.answers[REPLICASET] = owned_by("web-5d9", owner("Deployment", "web"))
    assert owners.top_of(REPLICAS) == Top(DEPLOYMENT)
    assert owners.gaps() == ()


@pytest.mark.parametrize(
    "error",
    [
        Unreachable("no route"),
        Refused(503, "overloaded"),
        Refused(429, "slowly"),
        Unauthorized(401, "no"),
        TooLarge("huge"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_after_a_failure_nobody_waits_for_the_next_one(error: KubeError) -> None:
    api, clock = FakeApi(**{REPLICASET: error}), Clock()
    owners = owners_of(api, clock)
    others = [workload("ReplicaSet", f"other-{i}") for i in range(50)]
    assert not any(owners.top_of(one).settled for one in [REPLICAS, *others])
    assert len(api.asked) == 1
    assert owners.top_of(NIGHTLY).settled, "another resource is asked for all the same"
    clock.now += PAUSE_SECONDS
    api.answers[REPLICASET] = owned_by("web-5d9", owner("Deployment", "web"))
    assert owners.top_of(REPLICAS) == Top(DEPLOYMENT)


def test_being_told_to_stop_is_no_failure() -> None:
    owners = owners_of(FakeApi(**{REPLICASET: Closed("closed")}))
    with pytest.raises(Closed):
        owners.top_of(REPLICAS)
    assert owners.gaps() == ()


def test_what_is_remembered_is_bounded() -> None:
    api = FakeApi()
    owners = owners_of(api)
    many = [workload("ReplicaSet", f"r-{i}") for i in range(MOST_KEPT + 1)]
    for one in many:
        owners.top_of(one)
    owners.top_of(many[-1])
    assert len(api.asked) == MOST_KEPT + 1
    owners.top_of(many[0])
    assert len(api.asked) == MOST_KEPT + 2
