"""The cluster as the loop sees it: which container is whose, and what is deployed.

Runs the watch of `sensor.kube` in a thread. All questions are answered at once, from what is known.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final

from sensor import log
from sensor.kube.deployed import deployed

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensor.kube.feed import PodFeed
    from sensor.kube.filters import Filters
    from sensor.kube.watch import WatchState
    from sensor.model.batch import Place
    from sensor.model.container import Container
    from sensor.model.finding import Gap
    from sensor.model.workload import Pod

# What is deployed is compared with what was, so often at most: sorting 50,000 pods takes 60 ms.
COMPARE_SECONDS: Final = 1.0
# The thread ends when its connection is cut; it is not waited for longer.
END_SECONDS: Final = 1.0
LOGGER: Final = log.logger(__name__)


class Cluster:
    """Pods of this node, or of the whole cluster, by the API server."""

    def __init__(
        self,
        make_feed: Callable[[Callable[[], None]], PodFeed],
        filters: Filters,
        woken: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`make_feed` is given what to call after each change; nothing is asked before `start`."""
        self._changed = threading.Event()
        self._feed = make_feed(self._tell)
        self._filters = filters
        self._woken = woken
        self._clock = clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cluster", daemon=True)
        self._last: tuple[Pod, ...] | None = None
        self._compare_at = 0.0
        self.revision = 0
        # A defect: what is known of pods grows old from now on, so the agent must be started anew.
        self.broken = False

    def start(self) -> None:
        """Begin to follow the pods."""
        self._thread.start()

    @property
    def state(self) -> WatchState:
        """How it stands with the API server."""
        return self._feed.state

    def admits(self, container: Container) -> bool:
        """Whether it is of a pod that the filters admit. False also while its pod is not known."""
        pod = self._feed.pods.place(container).pod
        return pod is not None and self._filters.admit(pod)

    def place(self, container: Container) -> Place | None:
        """Where its facts belong; None when nothing is to be said of it."""
        place = self._feed.pods.place(container)
        return place if place.pod is not None and self._filters.admit(place.pod) else None

    def deployed(self, since: float | None = None) -> tuple[Pod, ...]:
        """The pods that are deployed, or were after `since` (of the clock)."""
        return deployed(self._feed.pods, self._filters, since)

    def gaps(self) -> tuple[Gap, ...]:
        """What of the cluster could not be learned."""
        return self._feed.gaps()

    def news(self, now: float) -> bool:
        """Whether pods have changed since the last question; moves `revision` if they count."""
        if not self._changed.is_set() or now < self._compare_at:
            return False
        self._changed.clear()
        self._compare_at = now + COMPARE_SECONDS
        pods = self.deployed()
        if pods != self._last and self.state.synced:
            self._last = pods
            self.revision += 1
        return True

    def wake_at(self) -> float | None:
        """When `news` has something to do."""
        return self._compare_at if self._changed.is_set() else None

    def close(self) -> None:
        """Stop following."""
        self._stop.set()
        self._feed.close()
        if self._thread.is_alive():
            self._thread.join(END_SECONDS)

    def _run(self) -> None:
        try:
            self._feed.run(self._stop)
        except Exception:
            LOGGER.exception("the watch of pods broke")
            self.broken = True
            self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._woken()
