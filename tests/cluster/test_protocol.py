"""List and watch of sensor.kube against real API servers: pages, bookmarks, what is too old."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from sensor.kube import watch
from sensor.kube.errors import Expired, Refused
from sensor.kube.feed import PODS
from sensor.kube.http import Api, refusal
from tests.cluster.each import check_each, of_each
from tests.cluster.manifests import pod, pod_spec
from tests.cluster.recipes import CURRENT
from tests.cluster.settings import NODE
from tests.cluster.watcher import account, asked, watcher

if TYPE_CHECKING:
    from sensor.kube.http import Json
    from tests.cluster.conftest import Start
    from tests.cluster.lab import Cluster
    from tests.cluster.watcher import Watcher

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.root,
    pytest.mark.container,
    # The first test of a cluster starts it.
    pytest.mark.timeout(600),
]

# A real watch is silent for a minute; these are told to end after two seconds.
SILENCE = 60.0
LIST_BY_WATCH = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}


def events(api: Api, version: str, **more: str) -> list[Json]:
    query = {
        "watch": "true",
        "allowWatchBookmarks": "true",
        "timeoutSeconds": "2",
        "resourceVersion": version,
        "fieldSelector": f"spec.nodeName={NODE}",
        **more,
    }
    return list(api.stream(PODS, query, SILENCE))


def version_of(event: Json) -> int:
    return int(event["object"]["metadata"]["resourceVersion"])


def names(seen: Watcher, namespace: str) -> list[str]:
    return sorted(one.name for one in seen.feed.pods.all() if one.namespace == namespace)


@of_each
def test_a_watch_goes_on_from_a_bookmark(cluster: Cluster, namespace: str) -> None:
    with cluster.network():
        api = Api(account(cluster, namespace))
        begin = api.get(PODS)["metadata"]["resourceVersion"]
        cluster.client.apply(pod("one", namespace))
        # A server sends one about two seconds before the end that it was asked for.
        first = events(api, begin, timeoutSeconds="5")
        assert namespace in {one["object"]["metadata"].get("namespace") for one in first}
        mark = [version_of(one) for one in first if one["type"] == "BOOKMARK"][-1]
        assert mark > int(begin)
        again = events(api, str(mark))
        api.close()
    assert "ERROR" not in {one["type"] for one in again}
    # What was before the bookmark is not told a second time.
    assert all(version_of(one) >= mark for one in again)


def test_a_feed_goes_on_over_watches_that_end(
    clusters: dict[str, Cluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "WATCH_SECONDS", 1)

    def check(cluster: Cluster, namespace: str) -> None:
        with watcher(cluster, account(cluster, namespace), NODE) as seen:
            cluster.client.apply(pod("one", namespace))
            seen.wait(lambda: names(seen, namespace) == ["one"])

            def watches() -> int:
                return sum(verb == "watch" for *_, verb, _ in asked(cluster, namespace))

            before = watches()
            cluster.until(lambda: watches() >= before + 3, "three more watches have ended")
            cluster.client.apply(pod("two", namespace))
            seen.wait(lambda: names(seen, namespace) == ["one", "two"])
            assert seen.feed.lists == 1

    check_each(clusters, check)


def test_a_cluster_is_listed_in_pages(
    clusters: dict[str, Cluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "PAGE", 2)

    def check(cluster: Cluster, namespace: str) -> None:
        wanted = [f"pod-{number}" for number in range(5)]
        cluster.client.apply(*(pod(name, namespace) for name in wanted))
        with watcher(cluster, account(cluster, namespace), None) as seen:
            seen.wait(lambda: names(seen, namespace) == wanted)
            assert seen.feed.lists == 1
        lists = [verb for *_, verb, _ in asked(cluster, namespace) if verb == "list"]
        # Only a server that does not list by watch is asked for pages.
        assert (len(lists) >= 3) == (cluster.recipe.minor == 20)

    check_each(clusters, check)


@of_each
def test_what_a_restarted_server_has_forgotten_is_listed_again(
    cluster: Cluster, namespace: str
) -> None:
    endpoint = account(cluster, namespace)
    with watcher(cluster, endpoint, NODE) as seen:
        cluster.client.apply(pod("before", namespace))
        seen.wait(lambda: names(seen, namespace) == ["before"])
        cluster.restart_apiserver()
        cluster.client.apply(pod("after", namespace))
        seen.wait(lambda: names(seen, namespace) == ["after", "before"])
        seen.wait(lambda: not seen.feed.state.trouble)
    with cluster.network():
        api = Api(endpoint)
        # The server's cache begins where etcd was when it started.
        (told,) = events(api, "1")
        api.close()
    assert told["type"] == "ERROR"
    assert isinstance(refusal(told["object"]["code"], told["object"]), Expired)


def test_1_20_refuses_to_list_by_watch(old: Cluster) -> None:
    with old.namespace() as namespace, old.network():
        api = Api(account(old, namespace))
        with pytest.raises(Refused) as refused:
            events(api, "", **LIST_BY_WATCH)
        api.close()
    assert refused.value.status == 422


def test_a_current_server_lists_by_watch(current: Cluster) -> None:
    with current.namespace() as namespace, current.network():
        current.client.apply(pod("one", namespace))
        api = Api(account(current, namespace))
        told = events(api, "", **LIST_BY_WATCH)
        api.close()
    marks = [one["object"]["metadata"].get("annotations", {}) for one in told]
    ends = [number for number, mark in enumerate(marks) if watch.END_OF_LIST in mark]
    assert len(ends) == 1
    assert {one["type"] for one in told[: ends[0]]} == {"ADDED"}


def test_a_current_server_on_an_old_etcd_is_listed_and_watched(start: Start) -> None:
    """It takes the question and answers with an ERROR event of code 500.

    Nothing runs: what pods are said to be on the node is all that is asked for.
    """
    on_node = pod_spec(nodeName=NODE)
    place = f"/runtime-sensor-old-etcd-{os.getpid()}"
    with (
        start(CURRENT, place, with_old_etcd=True) as cluster,
        cluster.namespace() as namespace,
        cluster.network(),
    ):
        endpoint = account(cluster, namespace)
        api = Api(endpoint)
        (told,) = events(api, "", **LIST_BY_WATCH)
        api.close()
        assert told["object"]["code"] == 500
        cluster.client.apply(pod("one", namespace, on_node))
        with watcher(cluster, endpoint, NODE) as seen:
            seen.wait(lambda: names(seen, namespace) == ["one"])
            cluster.client.apply(pod("two", namespace, on_node))
            seen.wait(lambda: names(seen, namespace) == ["one", "two"])
            assert seen.feed.lists == 1
        assert ("", "pods", "list", 200) in asked(cluster, namespace)
