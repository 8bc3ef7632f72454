"""All pods we know, and to which of them a process belongs. Thread-safe; asks nobody.

A container is found by its id in a pod's status. The status is late by some seconds, so until then
the pod is found by the uid in the cgroup path, and its container only when there is no doubt. Pods
that ended are remembered for a while: a process is often looked at after its pod is gone.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from sensor.model.batch import Place
from sensor.model.finding import Gap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sensor.kube.objects import Record
    from sensor.model.container import Container
    from sensor.model.workload import Pod

V = TypeVar("V")

# A node has at most some 500 pods. A cluster of this size takes some 200 MB (4 KB a pod, measured).
MOST_PODS = 50_000
# A batch of events, a look and a report together take less.
PAST_SECONDS = 600.0
# A node that starts and ends ten containers a second for ten minutes.
MOST_PAST = 6_000


@dataclass(frozen=True, slots=True)
class _Home:
    """Where a container id belongs."""

    pod: Pod
    name: str


@dataclass(frozen=True, slots=True)
class _Ended:
    """A pod that was seen before it ended, and when we learned that it did."""

    pod: Pod
    at: float


class Pods:
    """The pods of a node or of a cluster, as told by one watch."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Know nothing. `clock` is the time that `deployed` is asked with."""
        self._clock = clock
        self._lock = threading.Lock()
        self._records: dict[tuple[str, str], Record] = {}
        self._homes: dict[str, _Home] = {}
        self._pods: dict[str, Pod] = {}
        self._past = _Past()
        self._ended: OrderedDict[str, _Ended] = OrderedDict()
        self._beyond: set[tuple[str, str]] = set()

    def replace(self, records: Iterable[Record]) -> None:
        """These are all pods now."""
        now = {record.key: record for record in records}
        with self._lock:
            self._beyond.clear()
            for key in self._records.keys() - now.keys():
                self._remove(key)
            for record in now.values():
                self._put(record)

    def put(self, record: Record) -> None:
        """A pod is new, or has changed."""
        with self._lock:
            self._put(record)

    def remove(self, key: tuple[str, str]) -> None:
        """The pod of this namespace and name is gone."""
        with self._lock:
            self._beyond.discard(key)
            if key in self._records:
                self._remove(key)

    def place(self, container: Container) -> Place:
        """Where a process of this container belongs; without a pod when none is known.

        Also an id that is not certain is looked up: nobody meets a known one by chance.
        """
        if container.id is None:
            return Place(None)
        with self._lock:
            home = self._homes.get(container.id) or self._past.homes.get(container.id)
            pod = self._pod(container.pod_uid)
        return _at_home(container.id, home) if home else _in_pod(container.id, pod)

    def all(self) -> tuple[Pod, ...]:
        """Every pod that the API server has, by namespace and name."""
        with self._lock:
            return tuple(self._records[key].pod for key in sorted(self._records))

    def deployed(self, since: float | None = None) -> tuple[Pod, ...]:
        """The pods that run or are about to, by namespace and name.

        With `since` also those that did so at that time or later and have ended: a Job of one
        second was deployed, though the next report finds it finished.
        """
        with self._lock:
            found = {r.pod.uid: r.pod for r in self._records.values() if not r.pod.finished}
            if since is not None:
                for uid, ended in self._ended.items():
                    if ended.at >= since:
                        found.setdefault(uid, ended.pod)
        return tuple(sorted(found.values(), key=lambda pod: (pod.namespace, pod.name, pod.uid)))

    def gaps(self) -> tuple[Gap, ...]:
        """What is not known because there is too much of it."""
        with self._lock:
            beyond, lost = len(self._beyond), self._past.lost
        gaps = []
        if beyond:
            gaps.append(Gap("kubernetes", "too many pods", f"{beyond} beyond {MOST_PODS}"))
        if lost:
            gaps.append(Gap("kubernetes", "ended pods forgotten early", f"{lost} so far"))
        return tuple(gaps)

    def _pod(self, uid: str | None) -> Pod | None:
        if uid is None:
            return None
        ended = self._ended.get(uid)
        return self._pods.get(uid) or (ended.pod if ended else None)

    def _put(self, record: Record) -> None:
        old = self._records.get(record.key)
        if old is None and len(self._records) >= MOST_PODS:
            self._beyond.add(record.key)
            return
        if old is not None:
            self._leave(old, record)
        self._records[record.key] = record
        self._pods[record.pod.uid] = record.pod
        self._homes.update(_homes(record))

    def _leave(self, old: Record, new: Record) -> None:
        """Prepare for another state of the same pod, or for another pod of the same name."""
        if old.pod.uid != new.pod.uid:
            self._remove(old.key)
            return
        if new.pod.finished and not old.pod.finished:
            self._end(new.pod)
        kept = dict(_homes(new))
        for found, home in _homes(old):
            if found not in kept:
                self._homes.pop(found, None)
                self._past.add(found, _Home(new.pod, home.name), self._clock())

    def _remove(self, key: tuple[str, str]) -> None:
        record = self._records.pop(key)
        if self._pods.get(record.pod.uid) is record.pod:
            del self._pods[record.pod.uid]
        if not record.pod.finished:
            self._end(record.pod)
        for found, home in _homes(record):
            self._homes.pop(found, None)
            self._past.add(found, home, self._clock())

    def _end(self, pod: Pod) -> None:
        now = self._clock()
        self._ended[pod.uid] = _Ended(pod, now)
        self._ended.move_to_end(pod.uid)
        while self._ended and _first(self._ended).at < now - PAST_SECONDS:
            self._ended.popitem(last=False)
        if len(self._ended) > MOST_PAST:
            self._ended.popitem(last=False)
            self._past.lost += 1


class _Past:
    """Containers that are gone, by id, for some minutes."""

    def __init__(self) -> None:
        self.homes: OrderedDict[str, _Home] = OrderedDict()
        self.lost = 0
        self._times: OrderedDict[str, float] = OrderedDict()

    def add(self, container_id: str, home: _Home, now: float) -> None:
        """Remember one, and forget those whose time is over."""
        self._forget(container_id)
        self.homes[container_id] = home
        self._times[container_id] = now
        while _first(self._times) < now - PAST_SECONDS:
            self._forget(next(iter(self._times)))
        if len(self._times) > MOST_PAST:
            self._forget(next(iter(self._times)))
            self.lost += 1

    def _forget(self, container_id: str) -> None:
        self.homes.pop(container_id, None)
        self._times.pop(container_id, None)


def _first(entries: OrderedDict[str, V]) -> V:
    return next(iter(entries.values()))


def _homes(record: Record) -> Iterator[tuple[str, _Home]]:
    """Every container id of a pod with the container's name; those of ended runs first."""
    for found, name in record.earlier:
        yield found, _Home(record.pod, name)
    for container in record.pod.containers:
        if container.id:
            yield container.id, _Home(record.pod, container.name)


def _at_home(container_id: str, home: _Home) -> Place:
    named = (one for one in home.pod.containers if one.name == home.name)
    found = next(named, None)
    return Place(container_id, home.pod, replace(found, id=container_id) if found else None)


def _in_pod(container_id: str, pod: Pod | None) -> Place:
    """By the pod's uid only: it is the container whose id is not told yet, if just one is not.

    For those seconds the pod's sandbox (its pause process) is taken for it too; it has no packages.
    """
    if pod is None:
        return Place(container_id)
    waiting = [one for one in pod.containers if not one.id]
    found = replace(waiting[0], id=container_id) if len(waiting) == 1 else None
    return Place(container_id, pod, found)
