"""The pods of a node or of a cluster, followed, with their top controllers: the agent holds it.

`run` works in a thread of its own; everything else may be called from any thread.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from sensor.kube.objects import Record, record_of
from sensor.kube.owners import Owners
from sensor.kube.pods import Pods
from sensor.kube.watch import Resource, Stop, Watch, WatchState
from sensor.model.finding import Gap

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from sensor.kube.http import Api, Json

PODS = "/api/v1/pods"


class PodFeed:
    """Keeps `pods` in step with the API server."""

    def __init__(
        self,
        api: Api,
        node: str | None,
        labels: frozenset[str] = frozenset(),
        changed: Callable[[], None] | None = None,
        chance: random.Random | None = None,
    ) -> None:
        """`node`: its pods only (DaemonSet mode); None: all pods of the cluster (Deployment mode).

        Labels with a key in `labels` are kept of every pod (`Filters.label_keys`). `changed` is
        called in the thread of `run`, after each change of the pods or of `state`.
        """
        self.pods = Pods()
        self._api = api
        self._labels = labels
        self._changed = changed
        self._owners = Owners(api)
        self._unsettled: dict[tuple[str, str], Record] = {}
        selector = f"spec.nodeName={node}" if node else ""
        self._watch = Watch(api, Resource(PODS, selector), self._parse, chance)

    @property
    def state(self) -> WatchState:
        """How it stands with the API server: for readiness, with the reason and the next step."""
        return self._watch.state

    def run(self, stop: Stop) -> None:
        """Follow until `stop` is set and `close` is called."""
        self._watch.run(self, stop)

    def close(self) -> None:
        """End `run`, also while it waits for the server."""
        self._api.close()

    def gaps(self) -> tuple[Gap, ...]:
        """What of the cluster could not be learned."""
        skipped = self._watch.skipped
        unread = (Gap("kubernetes", "pod not readable", f"{skipped} so far"),) if skipped else ()
        return (*self.pods.gaps(), *self._owners.gaps(), *unread)

    def replace(self, items: list[Record]) -> None:
        """See `Follower`."""
        self._unsettled.clear()
        self.pods.replace([self._with_top(record) for record in items])

    def change(self, kind: str, item: Record) -> None:
        """See `Follower`."""
        if kind == "DELETED":
            self._unsettled.pop(item.key, None)
            self.pods.put(self._with_top(item))  # its last state may name ids that are new to us
            self.pods.remove(item.key)
        else:
            self.pods.put(self._with_top(item))
        self._tell()

    def pause(self) -> None:
        """See `Follower`: ask again for the owners that could not be had."""
        again, self._unsettled = list(self._unsettled.values()), {}
        for record in again:
            self.pods.put(self._with_top(record))
        self._tell()

    def _parse(self, data: Json) -> Record:
        return record_of(data, self._labels)

    def _with_top(self, record: Record) -> Record:
        top = self._owners.top_of(record.pod.workload)
        if top.settled:
            self._unsettled.pop(record.key, None)
        else:
            self._unsettled[record.key] = record
        pod = dataclasses.replace(record.pod, workload=top.workload)
        return dataclasses.replace(record, pod=pod)

    def _tell(self) -> None:
        if self._changed is not None:
            self._changed()
