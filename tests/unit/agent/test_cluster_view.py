"""The cluster as the loop sees it: with a feed that the test plays, in its thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, cast

from sensor.agent.cluster import COMPARE_SECONDS, Cluster
from sensor.kube.filters import filters
from sensor.kube.watch import WatchState
from sensor.model.batch import Place
from tests.unit.agent.made import BOX_A, BOX_B, ID_A, pod

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensor.kube.feed import PodFeed
    from sensor.kube.watch import Stop
    from sensor.model.container import Container
    from sensor.model.workload import Pod

PATIENCE = 30.0


class Pods:
    """Plays `sensor.kube.pods.Pods`."""

    def __init__(self) -> None:
        self.known: dict[str, Pod] = {}

    def place(self, container: Container) -> Place:
        return Place(container.id, self.known.get(container.id or ""))

    def deployed(self, since: float | None = None) -> tuple[Pod, ...]:  # noqa: ARG002 - as Pods
        return tuple(self.known.values())


class Feed:
    """Plays `sensor.kube.feed.PodFeed`: runs until it is closed, or breaks."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.pods = Pods()
        self.state = WatchState()
        self.changed = changed
        self.error: Exception | None = None
        self._end = threading.Event()

    def run(self, stop: Stop) -> None:
        if self.error:
            raise self.error
        assert self._end.wait(PATIENCE)
        assert stop.is_set()

    def close(self) -> None:
        self._end.set()

    def gaps(self) -> tuple[object, ...]:
        return ()


class View:
    """A cluster and its feed."""

    def __init__(self, *types: str) -> None:
        self.woken = threading.Semaphore(0)
        self.feeds: list[Feed] = []
        self.cluster = Cluster(self._made, filters(types), self.woken.release)
        self.feed = self.feeds[0]

    def _made(self, changed: Callable[[], None]) -> PodFeed:
        self.feeds.append(Feed(changed))
        return cast("PodFeed", self.feeds[0])

    def know(self, *pods: Pod) -> None:
        self.feed.pods.known = {pod.containers[0].id: pod for pod in pods}
        self.feed.changed()


def test_a_container_is_admitted_when_its_pod_is_known_and_passes_the_filters() -> None:
    view = View("deployment")
    assert not view.cluster.admits(BOX_A)
    assert view.cluster.place(BOX_A) is None
    view.know(pod("web", ID_A), pod("db", BOX_B.id or "", kind="StatefulSet"))
    assert view.cluster.admits(BOX_A)
    place = view.cluster.place(BOX_A)
    assert place is not None
    assert place.pod == pod("web", ID_A)
    assert not view.cluster.admits(BOX_B)
    assert view.cluster.place(BOX_B) is None
    assert [one.workload.name for one in view.cluster.deployed()] == ["web"]


def test_a_change_wakes_and_is_news_once_it_is_synced() -> None:
    view = View()
    assert not view.cluster.news(0.0)
    view.know(pod("web", ID_A))
    assert view.woken.acquire(timeout=PATIENCE)
    assert view.cluster.news(10.0)
    assert view.cluster.revision == 0
    view.feed.state = WatchState(synced=True)
    view.feed.changed()
    assert not view.cluster.news(10.0 + COMPARE_SECONDS / 2)
    assert view.cluster.wake_at() == 10.0 + COMPARE_SECONDS
    assert view.cluster.news(10.0 + COMPARE_SECONDS)
    assert view.cluster.revision - 1 == 0
    assert view.cluster.wake_at() is None


def test_a_change_of_nothing_that_counts_is_no_revision() -> None:
    view = View()
    view.feed.state = WatchState(synced=True)
    for at in (10.0, 20.0):
        view.know(pod("web", ID_A))
        assert view.cluster.news(at)
    assert view.cluster.revision == 1


def test_the_thread_ends_when_it_is_closed() -> None:
    view = View()
    view.cluster.start()
    view.cluster.close()
    assert not view.cluster.broken
    assert "cluster" not in {thread.name for thread in threading.enumerate()}


def test_a_watch_that_breaks_is_told() -> None:
    view = View()
    view.feed.error = ZeroDivisionError()
    view.cluster.start()
    assert view.woken.acquire(timeout=PATIENCE)
    assert view.cluster.broken
    view.cluster.close()
