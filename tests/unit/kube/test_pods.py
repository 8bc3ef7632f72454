"""Attribution: container to pod, by status, by uid, after the end; and what is deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sensor.kube import pods as module
from sensor.kube.deployed import deployed, workloads
from sensor.kube.filters import Filters, filters
from sensor.kube.objects import HASH, MIRROR, record_of
from sensor.kube.pods import PAST_SECONDS, Pods
from sensor.model.batch import Place
from sensor.model.container import HOST, UNKNOWN, Container
from sensor.model.workload import ContainerRole
from tests.unit.kube.made import digits, owner, pod, status

if TYPE_CHECKING:
    from sensor.kube.objects import Record

ONE, TWO, THREE = digits(1), digits(2), digits(3)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def record(name: str = "web-1", **more: object) -> Record:
    return record_of(pod(name, **more))  # type: ignore[arg-type] # passed on as they are


def running(name: str = "web-1", number: int = 1, **more: object) -> Record:
    return record(name, told={"containerStatuses": [status("app", number)]}, **more)


def finished(name: str = "web-1", number: int = 1) -> Record:
    told = {"phase": "Succeeded", "containerStatuses": [status("app", number)]}
    return record(name, told=told)


def holding(*records: Record, clock: Clock | None = None) -> Pods:
    pods = Pods(clock or Clock())
    pods.replace(records)
    return pods


def found(place: Place) -> tuple[str | None, str | None]:
    """Names of pod and container."""
    pod, container = place.pod, place.container
    return pod.name if pod else None, container.name if container else None


def at(container_id: str, uid: str | None = None) -> Container:
    return Container(container_id, "containerd", uid, "burstable" if uid else None)


def test_by_the_id_in_the_status() -> None:
    pods = holding(running("web-1", 1), running("web-2", 2))
    place = pods.place(at(TWO, "uid-of-web-2"))
    assert found(place) == ("web-2", "app")
    assert place.container_id == TWO
    assert place.container is not None
    assert place.container.id == TWO


def test_every_role_is_found() -> None:
    spec = {
        "initContainers": [{"name": "setup"}, {"name": "mesh", "restartPolicy": "Always"}],
        "ephemeralContainers": [{"name": "debug"}],
    }
    told = {
        "containerStatuses": [status("app", 1)],
        "initContainerStatuses": [status("setup", 2), status("mesh", 3)],
        "ephemeralContainerStatuses": [status("debug", 4)],
    }
    pods = holding(record(spec=spec, told=told))
    places = [pods.place(at(digits(i))) for i in range(1, 5)]
    roles = [place.container.role for place in places if place.container]
    assert roles == [
        ContainerRole.MAIN,
        ContainerRole.INIT,
        ContainerRole.SIDECAR,
        ContainerRole.EPHEMERAL,
    ]


def test_a_late_status_and_one_container_that_waits() -> None:
    pods = holding(record())
    place = pods.place(at(ONE, "uid-of-web-1"))
    assert found(place) == ("web-1", "app")
    assert place.container is not None
    assert place.container.id == ONE


def test_a_late_status_of_one_of_two_containers() -> None:
    spec = {"containers": [{"name": "app"}, {"name": "log"}]}
    pods = holding(record(spec=spec, told={"containerStatuses": [status("app", 1), status("log")]}))
    assert found(pods.place(at(TWO, "uid-of-web-1"))) == ("web-1", "log")


def test_a_late_status_of_two_containers_tells_only_the_pod() -> None:
    pods = holding(record(spec={"containers": [{"name": "app"}, {"name": "log"}]}))
    assert found(pods.place(at(ONE, "uid-of-web-1"))) == ("web-1", None)


def test_an_unknown_container_of_a_pod_whose_ids_are_all_known() -> None:
    pods = holding(running())
    assert found(pods.place(at(THREE, "uid-of-web-1"))) == ("web-1", None)


def test_an_id_counts_more_than_a_uid() -> None:
    pods = holding(running("web-1", 1), record("web-2"))
    assert found(pods.place(at(ONE, "uid-of-web-2"))) == ("web-1", "app")


def test_a_static_pod_by_the_hash_in_its_cgroup() -> None:
    notes = {MIRROR: "ab" * 16, HASH: "ab" * 16}
    pods = holding(record("etcd-node-1", annotations=notes))
    assert found(pods.place(at(ONE, "ab" * 16))) == ("etcd-node-1", "app")


def test_what_is_of_no_pod() -> None:
    pods = holding(running())
    assert pods.place(HOST) == Place(None)
    assert pods.place(UNKNOWN) == Place(None)
    assert pods.place(at(TWO)) == Place(TWO)
    assert pods.place(at(TWO, "uid-of-somebody")) == Place(TWO)


def test_a_restarted_container_by_both_ids() -> None:
    pods = holding(running(number=1))
    pods.put(running(number=2))
    for one in (ONE, TWO):
        place = pods.place(at(one))
        assert found(place) == ("web-1", "app")
        assert place.container is not None
        assert place.container.id == one


def test_the_earlier_run_is_known_from_the_first_list_on() -> None:
    last = {"terminated": {"containerID": f"containerd://{ONE}"}}
    pods = holding(record(told={"containerStatuses": [status("app", 2, lastState=last)]}))
    assert found(pods.place(at(ONE))) == ("web-1", "app")


@pytest.mark.parametrize("way", ["removed", "listed again"])
def test_a_pod_that_is_gone_is_known_for_some_minutes(way: str) -> None:
    clock = Clock()
    pods = holding(running("web-1", 1), running("web-2", 2), clock=clock)
    if way == "removed":
        pods.remove(("shop", "web-1"))
    else:
        pods.replace([running("web-2", 2)])
    assert [one.name for one in pods.all()] == ["web-2"]
    assert found(pods.place(at(ONE))) == ("web-1", "app")
    assert found(pods.place(at(THREE, "uid-of-web-1"))) == ("web-1", None)
    clock.now += PAST_SECONDS + 1
    pods.remove(("shop", "web-2"))
    assert pods.place(at(ONE, "uid-of-web-1")) == Place(ONE)
    assert found(pods.place(at(TWO))) == ("web-2", "app")


def test_another_pod_of_the_same_name() -> None:
    pods = holding(running("db-0", 1, uid="first"))
    pods.put(running("db-0", 2, uid="second"))
    assert [one.uid for one in pods.all()] == ["second"]
    first, second = pods.place(at(ONE)), pods.place(at(TWO))
    assert first.pod is not None
    assert second.pod is not None
    assert (first.pod.uid, second.pod.uid) == ("first", "second")
    pods.remove(("shop", "db-0"))
    assert pods.all() == ()


def test_a_list_that_brings_a_container_back_makes_it_present() -> None:
    clock = Clock()
    pods = holding(running(), clock=clock)
    pods.replace([])
    pods.replace([running()])
    clock.now += PAST_SECONDS + 1
    pods.put(running("web-2", 2))
    pods.remove(("shop", "web-2"))
    assert found(pods.place(at(ONE))) == ("web-1", "app")


def test_removing_what_is_not_there_changes_nothing() -> None:
    pods = holding(running())
    pods.remove(("shop", "other"))
    assert len(pods.all()) == 1


def test_deployed_are_pods_that_run_or_are_about_to() -> None:
    pending = record("web-2", told={"phase": "Pending"})
    failed = record("web-3", told={"phase": "Failed"})
    pods = holding(running("web-1"), pending, failed, finished("job-1", 4))
    assert [one.name for one in pods.deployed()] == ["web-1", "web-2"]


def test_scaled_to_zero_is_not_deployed() -> None:
    pods = holding(running("web-1", 1, owned=[owner("ReplicaSet", "web")]))
    assert workloads(pods.deployed())
    pods.remove(("shop", "web-1"))
    assert workloads(pods.deployed()) == ()


@pytest.mark.parametrize("way", ["finished", "removed"])
def test_a_short_job_was_deployed_since_the_last_report(way: str) -> None:
    clock = Clock()
    pods = holding(running("job-1"), clock=clock)
    clock.now += 1
    if way == "finished":
        pods.put(finished("job-1"))
    else:
        pods.remove(("shop", "job-1"))
    assert pods.deployed() == ()
    assert [one.name for one in pods.deployed(since=clock.now - 5)] == ["job-1"]
    assert pods.deployed(since=clock.now + 1) == ()


def test_what_had_ended_before_we_came_is_not_deployed() -> None:
    pods = holding(finished("job-1"))
    pods.remove(("shop", "job-1"))
    assert pods.deployed(since=0) == ()


def test_a_pod_that_finished_and_was_removed_is_told_once() -> None:
    clock = Clock()
    pods = holding(running("job-1"), clock=clock)
    pods.put(finished("job-1"))
    clock.now += 100
    pods.remove(("shop", "job-1"))
    assert len(pods.deployed(since=clock.now - 100)) == 1
    assert pods.deployed(since=clock.now - 50) == ()


def test_deployed_obeys_the_filters() -> None:
    pods = holding(running("a", 1), running("b", 2, namespace="ops"))
    assert [one.name for one in deployed(pods, Filters())] == ["b", "a"]
    assert [one.name for one in deployed(pods, filters(namespaces=["ops"]))] == ["b"]


def test_workloads_are_told_once() -> None:
    owned = [owner("DaemonSet", "agent")]
    pods = holding(running("a", 1, owned=owned), running("b", 2, owned=owned), running("c", 3))
    assert [one.name for one in workloads(pods.deployed())] == ["agent", "c"]


def test_more_pods_than_are_kept_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PODS", 2)
    pods = holding(*(running(f"web-{i}", i) for i in range(5)))
    assert len(pods.all()) == 2
    (gap,) = pods.gaps()
    assert (gap.reason, gap.detail) == ("too many pods", "3 beyond 2")
    pods.replace([running("web-1", 1)])
    assert pods.gaps() == ()


def test_more_ended_pods_than_are_kept_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PAST", 2)
    pods = holding(*(running(f"web-{i}", i) for i in range(1, 4)))
    pods.replace([])
    (gap,) = pods.gaps()
    assert gap.reason == "ended pods forgotten early"
    assert sum(pods.place(at(digits(i))).pod is not None for i in range(1, 4)) == 2
