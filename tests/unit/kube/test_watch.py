"""The protocol of list and watch, against answers out of a script: no network, no clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import pytest

from sensor.errors import Malformed
from sensor.kube.errors import Closed, Expired, Forbidden, KubeError, Refused, TooLarge, Unreachable
from sensor.kube.http import refusal
from sensor.kube.watch import PAGE, SMALL_PAGE, WATCH_SECONDS, Resource, Watch, WatchState
from tests.unit.kube.made import bookmark, chance, event, failure, pod, pod_list

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from sensor.kube.http import Api, Json

NODE = Resource("/api/v1/pods", "spec.nodeName=node-1")
CLUSTER = Resource("/api/v1/pods")
NO_LIST_BY_WATCH = failure(422, "Invalid", "resourceVersionMatch is forbidden for watch")
OLD_ETCD = failure(
    500,
    "InternalError",
    "a watch stream was requested by the client but the required storage feature "
    "RequestWatchProgress is disabled",
)

Answer = KubeError | Sequence[object]


class FakeApi:
    """Gives one answer of the script for each question, and is closed when none is left."""

    def __init__(self, *script: Json | Answer) -> None:
        self.script = deque(script)
        self.asked: list[dict[str, str]] = []

    def get(self, path: str, query: Mapping[str, str]) -> Json:
        return cast("Json", self._next(path, query))

    def stream(self, path: str, query: Mapping[str, str], silence: float) -> Generator[Json]:
        assert silence > 60, "bookmarks come once a minute"
        return self._items(cast("list[Json | KubeError]", self._next(path, query)))

    def _items(self, items: list[Json | KubeError]) -> Generator[Json]:
        for item in items:
            if isinstance(item, KubeError):
                raise item
            yield item

    def _next(self, path: str, query: Mapping[str, str]) -> Json | Sequence[object]:
        assert path == "/api/v1/pods"
        self.asked.append(dict(query))
        answer = self.script.popleft() if self.script else Closed("end of the script")
        if isinstance(answer, KubeError):
            raise answer
        return answer


class Told:
    """A follower that keeps what it is told, and a stop that keeps the waits."""

    def __init__(self) -> None:
        self.now: dict[str, str] = {}
        self.lists: list[list[str]] = []
        self.changes: list[tuple[str, str]] = []
        self.waits: list[float] = []
        self.pauses = 0

    def replace(self, items: list[tuple[str, str]]) -> None:
        self.now = dict(items)
        self.lists.append([name for name, _ in items])

    def change(self, kind: str, item: tuple[str, str]) -> None:
        self.changes.append((kind, item[0]))
        self.now[item[0]] = item[1]
        if kind == "DELETED":
            del self.now[item[0]]

    def pause(self) -> None:
        self.pauses += 1

    def is_set(self) -> bool:
        return False

    def wait(self, timeout: float) -> bool:
        self.waits.append(timeout)
        self.waiting()
        return False

    def waiting(self) -> None:
        """Look at something at the time of a wait: tests put theirs here."""


def name_and_version(data: Json) -> tuple[str, str]:
    if "name" not in data["metadata"]:
        raise Malformed("no name")
    return data["metadata"]["name"], data["metadata"]["resourceVersion"]


def run(
    *script: Json | Answer, resource: Resource = NODE
) -> tuple[FakeApi, Told, Watch[tuple[str, str]]]:
    api, told = FakeApi(*script), Told()
    watch = Watch(cast("Api", api), resource, name_and_version, chance(1))
    watch.run(told, told)
    return api, told, watch


def added(name: str, version: str) -> Json:
    return event("ADDED", pod(name, version=version))


def modified(name: str, version: str) -> Json:
    return event("MODIFIED", pod(name, version=version))


def deleted(name: str, version: str) -> Json:
    return event("DELETED", pod(name, version=version))


def error(data: Json) -> Json:
    return event("ERROR", data)


REFUSED = refusal(422, NO_LIST_BY_WATCH)
BY_WATCH = [added("a", "1"), added("b", "2"), bookmark("7", end_of_list=True)]


def test_a_list_by_watch_goes_on_as_a_watch() -> None:
    api, told, watch = run([*BY_WATCH, modified("a", "8"), deleted("b", "9"), added("c", "10")])
    assert told.lists == [["a", "b"]]
    assert told.now == {"a": "8", "c": "10"}
    assert watch.state.synced
    first, second = api.asked
    assert first["sendInitialEvents"] == "true"
    assert first["resourceVersionMatch"] == "NotOlderThan"
    assert first["allowWatchBookmarks"] == "true"
    assert first["fieldSelector"] == "spec.nodeName=node-1"
    assert "resourceVersion" not in first
    assert second["resourceVersion"] == "10"
    assert "sendInitialEvents" not in second


@pytest.mark.parametrize(
    "first",
    [REFUSED, refusal(400, failure(400, "BadRequest")), [error(OLD_ETCD)], []],
    ids=["1.20", "switched off", "old etcd", "ends at once"],
)
def test_a_server_that_cannot_is_asked_for_a_list_and_never_again(first: Answer) -> None:
    api, told, _ = run(first, pod_list(pod("a")), [], Expired(410, "old"), pod_list(pod("b")))
    assert told.lists == [["a"], ["b"]]
    assert sum("sendInitialEvents" in query for query in api.asked) == 1


@pytest.mark.parametrize(
    "first",
    [
        Forbidden(403, "no"),
        Refused(503, "busy"),
        Unreachable("down"),
        [added("a", "1"), Unreachable("cut")],
    ],
    ids=["forbidden", "busy", "down", "cut"],
)
def test_another_failure_says_nothing_about_what_the_server_can(first: Answer) -> None:
    api, told, _ = run(first, BY_WATCH)
    assert told.lists == [["a", "b"]], "and never half a list"
    assert all("sendInitialEvents" in query for query in api.asked[:2])
    assert told.waits[0] >= 0.25


def test_the_list_of_a_node_comes_from_the_cache_of_the_server() -> None:
    api, _, _ = run(REFUSED, pod_list(pod("a"), version="5"), [modified("a", "6")])
    assert api.asked[1] == {"fieldSelector": "spec.nodeName=node-1", "resourceVersion": "0"}
    assert api.asked[2]["resourceVersion"] == "5"
    assert api.asked[3]["resourceVersion"] == "6"


def test_the_next_list_of_a_node_is_not_older_than_the_last() -> None:
    gone = [modified("a", "6"), error(failure(410, "Expired"))]
    api, told, _ = run(REFUSED, pod_list(pod("a"), version="5"), gone, pod_list(version="9"))
    assert api.asked[3]["resourceVersion"] == "5"
    assert api.asked[3]["resourceVersionMatch"] == "NotOlderThan"
    assert told.lists == [["a"], []]


def test_a_list_of_a_cluster_comes_in_pages() -> None:
    pages = [
        pod_list(pod("a"), pod("b"), version="5", token="t1"),  # noqa: S106 (of a page)
        pod_list(pod("c"), version="5", token="t2"),  # noqa: S106 (of a page)
        pod_list(pod("d"), version="5"),
    ]
    api, told, _ = run(REFUSED, *pages, [], resource=CLUSTER)
    assert told.lists == [["a", "b", "c", "d"]]
    limit = str(PAGE)
    assert api.asked[1:4] == [
        {"limit": limit},
        {"limit": limit, "continue": "t1"},
        {"limit": limit, "continue": "t2"},
    ]
    assert api.asked[4]["resourceVersion"] == "5"


def test_a_token_that_expires_between_pages_begins_the_list_again() -> None:
    inconsistent = refusal(410, {**failure(410, "Expired"), "metadata": {"continue": "other"}})
    first = pod_list(pod("a"), token="t1")  # noqa: S106 (of a page)
    again = pod_list(pod("b"))
    api, told, _ = run(REFUSED, first, inconsistent, again, [], resource=CLUSTER)
    assert told.lists == [["b"]]
    assert "continue" not in api.asked[3]


@pytest.mark.parametrize(
    "gone",
    [
        [error(failure(410, "Expired", "too old resource version: 50 (10716)"))],
        Expired(410, "too old resource version: 50 (10716)"),
        [error(failure(504, "Timeout", causes=[{"reason": "ResourceVersionTooLarge"}]))],
        refusal(504, failure(504, "Timeout", causes=[{"reason": "ResourceVersionTooLarge"}])),
    ],
    ids=["event", "answer", "too new event", "too new answer"],
)
def test_a_version_that_the_server_does_not_have_is_answered_by_a_list(gone: Answer) -> None:
    _, told, watch = run(REFUSED, pod_list(pod("a"), pod("b")), gone, pod_list(pod("b")), [])
    assert told.lists == [["a", "b"], ["b"]]
    assert watch.state.trouble == ""


def test_a_server_restored_from_a_backup_is_listed_from_its_storage() -> None:
    too_new = refusal(504, failure(504, "Timeout", causes=[{"reason": "ResourceVersionTooLarge"}]))
    api, told, _ = run(
        REFUSED, pod_list(version="900"), Expired(410, "old"), too_new, pod_list(pod("a")), []
    )
    assert api.asked[3]["resourceVersion"] == "900"
    assert "resourceVersion" not in api.asked[4]
    assert told.now == {"a": "10"}


def test_bookmarks_move_the_version_on() -> None:
    quiet = [bookmark("50"), bookmark("70")]
    api, told, _ = run(REFUSED, pod_list(pod("a"), version="5"), quiet)
    assert api.asked[3]["resourceVersion"] == "70"
    assert told.changes == []
    assert told.pauses >= 2


def test_after_a_broken_stream_the_watch_goes_on_where_it_was() -> None:
    broken = [modified("a", "11"), Unreachable("cut")]
    api, told, watch = run(REFUSED, pod_list(pod("a")), broken, [modified("a", "12")])
    assert api.asked[3]["resourceVersion"] == "11"
    assert told.lists == [["a"]]
    assert told.now == {"a": "12"}
    assert watch.state.trouble == ""


def test_trouble_is_told_and_what_is_known_stays_known() -> None:
    api, told = FakeApi(REFUSED, pod_list(pod("a")), Unreachable("no route")), Told()
    watch = Watch(cast("Api", api), NODE, name_and_version, chance(1))
    states: list[WatchState] = []
    told.waiting = lambda: states.append(watch.state)  # type: ignore[method-assign]
    watch.run(told, told)
    assert [(state.synced, state.trouble) for state in states] == [
        (False, ""),
        (True, ""),
        (True, "no route"),
    ]
    assert "network policies" in states[-1].help


def test_trouble_is_over_when_the_server_answers_though_nothing_happens() -> None:
    states: list[WatchState] = []

    class Looking(FakeApi):
        def _items(self, items: list[Json | KubeError]) -> Generator[Json]:
            states.append(watch.state)
            yield from super()._items(items)

    api, told = Looking(REFUSED, pod_list(pod("a")), [], Unreachable("no route"), []), Told()
    told.waiting = lambda: states.append(watch.state)  # type: ignore[method-assign]
    watch = Watch(cast("Api", api), NODE, name_and_version, chance(1))
    watch.run(told, told)
    assert [state.trouble for state in states] == ["", "", "", "", "no route", "", ""]


def test_a_server_that_refuses_is_asked_less_and_less() -> None:
    _, told, _ = run(*[Forbidden(403, "no list of pods")] * 12)
    assert len(told.waits) == 12
    assert sum(told.waits[-3:]) > 3 * 15
    assert max(told.waits) <= 45


def test_retry_after_is_kept() -> None:
    _, told, _ = run(refusal(429, failure(429, "TooManyRequests"), "17"))
    assert 17 <= told.waits[0] < 26


def test_watches_that_end_at_once_do_not_hammer() -> None:
    _, told, _ = run(REFUSED, pod_list(pod("a")), *[[] for _ in range(10)])
    assert len(told.waits) == 12
    assert sum(told.waits) > 60


@pytest.mark.parametrize("resource", [NODE, CLUSTER])
def test_an_answer_that_is_too_large_is_listed_in_small_pages(resource: Resource) -> None:
    api, told, _ = run(TooLarge("an event is long"), pod_list(pod("a")), [], resource=resource)
    assert api.asked[1]["limit"] == str(SMALL_PAGE)
    assert "resourceVersion" not in api.asked[1]
    assert told.lists == [["a"]]


def test_an_event_that_is_too_large_in_a_running_watch_is_listed_too() -> None:
    large = [modified("a", "11"), TooLarge("an event is long")]
    api, told, _ = run(REFUSED, pod_list(pod("a")), large, pod_list(pod("a"), pod("b")), [])
    assert api.asked[3]["limit"] == str(SMALL_PAGE)
    assert told.lists == [["a"], ["a", "b"]]


def test_an_object_that_is_none_of_ours_is_skipped_and_counted() -> None:
    strange: Json = {"metadata": {"resourceVersion": "12"}}
    _, told, watch = run(
        REFUSED, pod_list(pod("a"), strange), [event("ADDED", strange), modified("a", "13")]
    )
    assert told.now == {"a": "13"}
    assert watch.skipped == 2


@pytest.mark.parametrize("strange", [{"type": "ADDED"}, {}, {"type": "ADDED", "object": []}])
def test_an_event_without_an_object_breaks_the_stream_only(strange: Json) -> None:
    _, told, _ = run(REFUSED, pod_list(pod("a")), [strange], [modified("a", "11")])
    assert told.now == {"a": "11"}
    assert told.lists == [["a"]]


def test_an_event_of_an_unknown_kind_is_passed_over() -> None:
    _, told, _ = run(REFUSED, pod_list(pod("a")), [event("FUTURE", pod("a")), modified("a", "11")])
    assert told.changes == [("MODIFIED", "a")]


def test_watches_end_at_different_times() -> None:
    seconds = set()
    for seed in range(20):
        api, told = FakeApi(BY_WATCH), Told()
        Watch(cast("Api", api), NODE, name_and_version, chance(seed)).run(told, told)
        seconds.add(int(api.asked[0]["timeoutSeconds"]))
    assert len(seconds) > 10
    assert min(seconds) >= WATCH_SECONDS
    assert max(seconds) <= 2 * WATCH_SECONDS


@pytest.mark.parametrize(("seconds", "begins_again"), [(20.0, True), (2.0, False)])
def test_after_a_long_watch_a_failure_is_the_first_one(
    seconds: float,
    begins_again: bool,  # noqa: FBT001 (a column of the table)
) -> None:
    now = [0.0]

    class Slow(FakeApi):
        def stream(self, path: str, query: Mapping[str, str], silence: float) -> Generator[Json]:
            now[0] += seconds if "resourceVersion" in query else 0.0
            return super().stream(path, query, silence)

    api = Slow(*[Unreachable("down")] * 8, BY_WATCH, Unreachable("cut"), Unreachable("cut"))
    told = Told()
    watch = Watch(cast("Api", api), NODE, name_and_version, chance(1), lambda: now[0])
    watch.run(told, told)
    assert told.waits[7] > 15
    assert (told.waits[-1] < 2) is begins_again


def test_a_defect_of_ours_is_told_and_everything_is_listed_again() -> None:
    class Broken(Told):
        def change(self, kind: str, item: tuple[str, str]) -> None:
            if item[0] == "bad":
                raise ZeroDivisionError
            super().change(kind, item)

    api = FakeApi(REFUSED, pod_list(pod("a")), [added("bad", "11")], pod_list(pod("b")))
    told, states = Broken(), list[WatchState]()
    told.waiting = lambda: states.append(watch.state)  # type: ignore[method-assign]
    watch = Watch(cast("Api", api), NODE, name_and_version, chance(1))
    watch.run(told, told)
    assert told.lists == [["a"], ["b"]]
    assert "ZeroDivisionError" in states[2].trouble
    assert states[-1].trouble == ""


def test_it_ends_when_told_so() -> None:
    told = Told()
    told.is_set = lambda: True  # type: ignore[method-assign]
    api = FakeApi(BY_WATCH)
    Watch(cast("Api", api), NODE, name_and_version).run(told, told)
    assert api.asked == []
