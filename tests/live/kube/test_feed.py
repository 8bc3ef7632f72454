"""A whole feed against a server: first list, events, ends, owners, and what it asks for."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from sensor.kube import http
from sensor.kube.endpoint import Endpoint, TokenFile
from sensor.kube.errors import NoCredentials, Unreachable
from sensor.kube.feed import PodFeed
from sensor.kube.node import node_uid
from sensor.kube.rbac import RULES
from sensor.model.container import Container
from sensor.model.workload import Workload
from tests.live.kube.apiserver import Answer, Asked, Stream
from tests.unit.kube.made import bookmark, digits, event, failure, owner, pod, pod_list, status

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sensor.kube.http import Api, Json
    from tests.live.kube.apiserver import ApiServer
    from tests.live.kube.conftest import Following

    Follow = Callable[..., Following]

NO_LIST_BY_WATCH = Answer(failure(422, "Invalid", "forbidden for watch"), 422)
REPLICASET = "/apis/apps/v1/namespaces/shop/replicasets/web-5d9"
JOB = "/apis/batch/v1/namespaces/shop/jobs/nightly-1"
OF_WEB = [owner("ReplicaSet", "web-5d9")]


def running(name: str = "web-1", number: int = 1, **more: object) -> Json:
    told = {"containerStatuses": [status("app", number)]}
    return pod(name, told=told, **more)  # type: ignore[arg-type] # passed on as they are


def metadata(name: str, *owners: Json) -> Answer:
    """An object as PartialObjectMetadata."""
    meta = {"name": name, "uid": f"uid-of-{name}", "ownerReferences": list(owners)}
    return Answer({"kind": "PartialObjectMetadata", "metadata": meta})


def rule_of(asked: Asked) -> tuple[str, str, str]:
    """Group, resource and verb, as the API server's authorizer sees a GET."""
    parts = asked.path.strip("/").split("/")
    group = "" if parts[0] == "api" else parts[1]
    rest = parts[2 if parts[0] == "api" else 3 :]
    if rest[0] == "namespaces" and len(rest) > 2:
        rest = rest[2:]
    verb = "get" if len(rest) > 1 else "watch" if "watch" in asked.query else "list"
    return group, rest[0], verb


@pytest.mark.parametrize("by_watch", [True, False], ids=["list by watch", "list and watch"])
def test_pods_with_their_top_controllers(
    server: ApiServer, follow: Follow, *, by_watch: bool
) -> None:
    server.objects[REPLICASET] = metadata("web-5d9", owner("Deployment", "web"))
    first, second = running(owned=OF_WEB), running("web-2", 2, owned=OF_WEB)
    if by_watch:
        events = [event("ADDED", first), event("ADDED", second), bookmark("9", end_of_list=True)]
        server.watches.append(Stream(events))
    else:
        server.watches.append(NO_LIST_BY_WATCH)
        server.lists.append(Answer(pod_list(first, second)))
    following = follow()
    following.wait(lambda: following.names() == ["web-1", "web-2"])
    workload = Workload("apps/v1", "Deployment", "shop", "web", "uid-of-web")
    assert {one.workload for one in following.pods.all()} == {workload}
    place = following.pods.place(Container(digits(2), "containerd"))
    assert place.pod is not None
    assert place.pod.name == "web-2"
    assert sum(one.path == REPLICASET for one in server.asked) == 1
    assert following.feed.state.synced


@pytest.mark.parametrize("by_watch", [True, False], ids=["list by watch", "list and watch"])
def test_who_is_told_of_the_first_list_finds_it_synced(
    server: ApiServer, api: Api, *, by_watch: bool
) -> None:
    if by_watch:
        server.watches.append(Stream([event("ADDED", running()), bookmark("9", end_of_list=True)]))
    else:
        server.watches.append(NO_LIST_BY_WATCH)
        server.lists.append(Answer(pod_list(running())))
    told: list[tuple[int, bool]] = []
    stop = threading.Event()

    def look() -> None:
        told.append((len(feed.pods.all()), feed.state.synced))
        stop.set()
        feed.close()

    feed = PodFeed(api, "node-1", changed=look)
    feed.run(stop)
    assert told[0] == (1, True)


def test_events_are_followed(server: ApiServer, follow: Follow) -> None:
    gate = threading.Event()
    ended = pod("web-1", told={"phase": "Succeeded"}, version="12")
    server.watches.append(
        Stream(
            [
                event("ADDED", pod(told={"phase": "Pending"})),
                bookmark("9", end_of_list=True),
                event("MODIFIED", running()),
                event("ADDED", running("web-2", 2)),
                gate,
                event("MODIFIED", ended),
                event("DELETED", running("web-2", 2)),
            ]
        )
    )
    following = follow()
    following.wait(lambda: following.names() == ["web-1", "web-2"])
    assert len(following.pods.deployed()) == 2
    gate.set()
    following.wait(lambda: following.names() == ["web-1"])
    assert following.pods.deployed() == ()
    assert len(following.pods.deployed(since=0)) == 2


def test_the_last_state_of_a_deleted_pod_counts(server: ApiServer, follow: Follow) -> None:
    """A pod of 50 ms: what it ran is told for the first time by the event of its end."""
    events = [bookmark("9", end_of_list=True), event("DELETED", running("short", 7))]
    server.watches.append(Stream([*events, event("ADDED", running())]))
    following = follow()
    following.wait(lambda: following.names() == ["web-1"])
    place = following.pods.place(Container(digits(7), "containerd"))
    assert place.pod is not None
    assert place.pod.name == "short"


def test_410_in_the_middle_of_a_watch(server: ApiServer, follow: Follow) -> None:
    gone = event("ERROR", failure(410, "Expired", "too old resource version: 9 (500)"))
    server.watches.extend(
        [
            NO_LIST_BY_WATCH,
            Stream([event("ADDED", running("web-2", 2)), gone], "end"),
            Stream([event("ADDED", running("web-4", 4))]),
        ]
    )
    server.lists.extend(
        [
            Answer(pod_list(running(), version="9")),
            Answer(pod_list(running(), running("web-3", 3), version="500")),
        ]
    )
    following = follow()
    following.wait(lambda: following.names() == ["web-1", "web-3", "web-4"])
    assert following.feed.state.trouble == ""
    assert server.asked[-1].query["resourceVersion"] == "500"


def test_a_cut_stream_goes_on_where_it_was(server: ApiServer, follow: Follow) -> None:
    server.watches.extend(
        [
            Stream([event("ADDED", running()), bookmark("40", end_of_list=True)], "cut"),
            Stream([event("ADDED", running("web-2", 2, version="41")), b'{"type"'], "cut"),
            Stream([event("ADDED", running("web-3", 3, version="42"))]),
        ]
    )
    following = follow()
    following.wait(lambda: following.names() == ["web-1", "web-2", "web-3"])
    assert [one.query.get("resourceVersion") for one in server.asked] == [None, "40", "41"]


def test_a_huge_event_does_not_hide_the_pods(
    server: ApiServer, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MOST_LINE", 200_000)
    huge = event("ADDED", running("huge", 9, annotations={"a": "x" * 400_000}))
    server.watches.extend(
        [Stream([event("ADDED", running()), bookmark("9", end_of_list=True), huge]), Stream([])]
    )
    server.lists.append(Answer(pod_list(running(), running("huge", 9))))
    following = follow()
    following.wait(lambda: following.names() == ["huge", "web-1"])
    assert [one.query for one in server.asked if "watch" not in one.query] == [
        {"limit": "10", "fieldSelector": "spec.nodeName=node-1"}
    ]


def test_a_token_that_is_replaced_while_we_watch(
    server: ApiServer, follow: Follow, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("first")
    gate = threading.Event()
    server.watches.extend(
        [
            Stream([event("ADDED", running()), bookmark("9", end_of_list=True), gate], "end"),
            Answer(failure(401, "Unauthorized"), 401),
            Stream([event("ADDED", running("web-2", 2))]),
        ]
    )
    following = follow(endpoint=Endpoint(server.url, token=TokenFile(file)))
    following.wait(lambda: following.names() == ["web-1"])
    file.write_text("second")
    gate.set()
    following.wait(lambda: following.names() == ["web-1", "web-2"])
    assert [one.token for one in server.asked] == ["first", "first", "second"]


def test_an_owner_that_cannot_be_had_now_is_asked_for_again(
    server: ApiServer, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sensor.kube.owners.PAUSE_SECONDS", 0.0)
    server.objects[REPLICASET] = Answer(failure(503, "ServiceUnavailable"), 503)
    gate = threading.Event()
    events = [event("ADDED", running(owned=OF_WEB)), bookmark("9", end_of_list=True)]
    server.watches.append(Stream([*events, gate, bookmark("10")]))
    following = follow()
    following.wait(lambda: following.names() == ["web-1"])
    assert following.pods.all()[0].workload.kind == "ReplicaSet"
    assert [gap.reason for gap in following.feed.gaps()] == ["owner not readable"]
    server.objects[REPLICASET] = metadata("web-5d9", owner("Deployment", "web"))
    gate.set()
    following.wait(lambda: following.pods.all()[0].workload.kind == "Deployment")
    assert following.feed.gaps() == ()


def test_an_object_that_cannot_be_read_is_a_gap(server: ApiServer, follow: Follow) -> None:
    broken = {"metadata": {"name": "broken", "resourceVersion": "1"}, "spec": {}}
    events = [event("ADDED", broken), event("ADDED", running()), bookmark("9", end_of_list=True)]
    server.watches.append(Stream(events))
    following = follow()
    following.wait(lambda: following.names() == ["web-1"])
    assert [gap.reason for gap in following.feed.gaps()] == ["pod not readable"]


def test_nobody_may_list_pods(server: ApiServer, follow: Follow) -> None:
    message = 'pods is forbidden: User "system:serviceaccount:a:b" cannot list resource "pods"'
    server.watches.extend(Answer(failure(403, "Forbidden", message), 403) for _ in range(9))
    following = follow()
    server.wait(lambda: len(server.asked) >= 2)
    state = following.feed.state
    assert (state.synced, message in state.trouble) == (False, True)
    assert "ClusterRole" in state.help


def test_the_whole_run_asks_for_what_the_rules_allow_and_needs_each_of_them(
    server: ApiServer, follow: Follow, api: Api
) -> None:
    server.objects["/api/v1/nodes/node-1"] = metadata("node-1")
    server.objects[REPLICASET] = metadata("web-5d9", owner("Deployment", "web"))
    server.objects[JOB] = metadata("nightly-1", owner("CronJob", "nightly", api_version="batch/v1"))
    nightly = [owner("Job", "nightly-1", api_version="batch/v1")]
    pods = [running(owned=OF_WEB), running("nightly-1-x", 2, owned=nightly)]
    server.watches.extend([NO_LIST_BY_WATCH, Stream([])])
    server.lists.append(Answer(pod_list(*pods)))
    assert node_uid(api, "node-1") == "uid-of-node-1"
    following = follow(node=None)
    following.wait(lambda: len(following.names()) == 2)
    server.wait(lambda: "resourceVersion" in server.asked[-1].query)
    used = {rule_of(one) for one in server.asked}
    assert used == {(rule.group, rule.resource, verb) for rule in RULES for verb in rule.verbs}
    kinds = [one.workload.kind for one in following.pods.all()]
    assert kinds == ["CronJob", "Deployment"]


def test_of_a_cluster_all_pods_are_asked_for(server: ApiServer, follow: Follow) -> None:
    server.watches.append(Stream([event("ADDED", running()), bookmark("9", end_of_list=True)]))
    following = follow(node=None)
    following.wait(lambda: following.names() == ["web-1"])
    assert not any("fieldSelector" in one.query for one in server.asked)


@pytest.mark.parametrize("name", ["", "..", "a/b", "node-1?x"])
def test_what_is_no_name_of_a_node(server: ApiServer, api: Api, name: str) -> None:
    with pytest.raises(NoCredentials, match="NODE_NAME"):
        node_uid(api, name)
    assert server.asked == []


def test_a_node_without_a_uid(server: ApiServer, api: Api) -> None:
    server.objects["/api/v1/nodes/node-1"] = Answer({"metadata": {}})
    with pytest.raises(Unreachable, match="no uid"):
        node_uid(api, "node-1")
