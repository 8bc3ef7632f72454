"""One resource, kept in step with the API server: list, then watch, for as long as we live.

The protocol ("Efficient detection of changes", kubernetes.io API concepts; checked on 1.20, 1.36):
a list has a resourceVersion, a watch goes on from it, events and bookmarks move it on. 410 means
that the server does not have that version any more: list again. Current servers can send the list
as the beginning of the watch (sendInitialEvents); 1.20 refuses that with 422, a current one on an
old etcd with an ERROR event of code 500: then we list in pages.

What an object means is not known here: `parse` makes something of each.
"""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from sensor.errors import Malformed
from sensor.kube.backoff import Backoff
from sensor.kube.errors import Closed, Expired, KubeError, Refused, TooLarge, Unreachable
from sensor.kube.http import Json, refusal
from sensor.log import fields, logger, where

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    from sensor.kube.http import Api

log = logger(__name__)

# Of each: a page is one answer in memory, some 1 MB; smaller ones when that was too large.
PAGE = 100
SMALL_PAGE = 10
# No cluster has more objects of one kind on record than 150,000 (kubernetes.io, large clusters).
MOST_PAGES = 200_000 // SMALL_PAGE
# A watch ends after four to eight minutes, so that clients spread over all API servers again.
WATCH_SECONDS = 240
# Servers send a bookmark about once a minute. After two without a byte the watch is begun anew.
SILENCE_SECONDS = 120.0
# A watch that ends sooner has met a broken server or proxy: we wait before the next one.
SHORT_SECONDS = 1.0
# After a watch of this length the next failure is a new one.
LONG_SECONDS = 10.0
END_OF_LIST = "k8s.io/initial-events-end"
CHANGES = {"ADDED", "MODIFIED", "DELETED"}

T = TypeVar("T")


class Stop(Protocol):
    """What of `threading.Event` is used here."""

    def is_set(self) -> bool:
        """Whether to end."""

    def wait(self, timeout: float) -> bool:
        """Wait for the end, but not longer; whether it came."""


class Follower(Protocol[T]):
    """What is told of a resource."""

    def replace(self, items: list[T]) -> None:
        """These are all objects now; a `pause` follows when `state` says so too."""

    def change(self, kind: str, item: T) -> None:
        """An object was ADDED, MODIFIED or DELETED."""

    def pause(self) -> None:
        """Nothing new; called at least every few minutes while the server answers."""


@dataclass(frozen=True, slots=True)
class Resource:
    """What is watched. `field_selector` is "spec.nodeName=NODE", or "" for the whole cluster."""

    path: str
    field_selector: str = ""


@dataclass(frozen=True, slots=True)
class WatchState:
    """How it stands. `synced`: all objects were known once; `trouble`: why it is behind, or ""."""

    synced: bool = False
    trouble: str = ""
    help: str = ""


class Watch(Generic[T]):
    """Follows one resource. `run` is called once, in a thread of its own."""

    def __init__(
        self,
        api: Api,
        resource: Resource,
        parse: Callable[[Json], T],
        chance: random.Random | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`parse` raises Malformed for what is no such object: it is counted in `skipped`."""
        self.state = WatchState()
        self.skipped = 0
        self._api = api
        self._resource = resource
        self._parse = parse
        self._backoff = Backoff(chance)
        self._clock = clock
        self._version = ""
        self._listed = False
        self._streams_lists = True
        self._limit = PAGE
        # A server's cache is good enough for the few pods of a node, and much cheaper when a
        # thousand nodes ask. Of a whole cluster we want pages, which only come from etcd.
        self._list_from = "0" if resource.field_selector else ""

    def run(self, follower: Follower[T], stop: Stop) -> None:
        """Tell the follower everything until `stop` is set or the client is closed."""
        while not stop.is_set():
            begin = self._clock()
            wait = 0.0
            try:
                watched = self._round(follower)
            except Closed:
                return
            except KubeError as error:
                wait = self._failed(error)
            except Exception as error:  # noqa: BLE001 (a defect of ours must not blind the agent)
                self._listed = False
                wait = self._failed(KubeError(f"a defect: {where(error)}"))
            else:
                self._worked()
                if watched:
                    follower.pause()
                if watched and self._clock() - begin < SHORT_SECONDS:
                    wait = self._backoff.failed()
            if self._clock() - begin >= LONG_SECONDS:
                self._backoff.worked()
            stop.wait(wait)

    def _round(self, follower: Follower[T]) -> bool:
        """List in pages, or watch until that ends. Returns whether it was a watch."""
        if self._listed:
            self._follow(self._events(self._version), follower)
            return True
        if self._streams_lists:
            self._streams_lists = self._list_by_watch(follower)
            return self._streams_lists
        self._list(follower)
        return False

    def _worked(self) -> None:
        if self.state.trouble:
            log.info("the API server answers again")
        self.state = WatchState(self.state.synced)

    def _failed(self, error: KubeError) -> float:
        """Note it, prepare the next try, and return how long to wait for it."""
        wait = self._backoff.failed(error.after if isinstance(error, Refused) else None)
        if isinstance(error, Expired):
            self._listed = False
        if isinstance(error, TooLarge):
            self._listed = self._streams_lists = False
            self._limit, self._list_from = SMALL_PAGE, ""
        if str(error) != self.state.trouble:
            log.warning("%s", error, extra=fields(help=error.help, wait=round(wait, 1)))
        self.state = WatchState(self.state.synced, str(error), error.help)
        return wait

    def _list_by_watch(self, follower: Follower[T]) -> bool:
        """List and go on watching in one stream. Returns False when the server does not do that."""
        events = self._events("", sendInitialEvents="true", resourceVersionMatch="NotOlderThan")
        items: list[T] = []
        try:
            for kind, item in events:
                if kind == END_OF_LIST:
                    self._replace(follower, items)
                    self._follow(events, follower)
                    return True
                items += [item] if kind == "ADDED" and item is not None else []
        except Refused as error:
            if self._listed or not _is_unknown(error):
                raise
            log.debug("no list by watch: %s", error)
        return False

    def _list(self, follower: Follower[T]) -> None:
        try:
            self._replace(follower, list(self._pages()))
        except KubeError:
            # What we asked for is too old, or newer than a server restored from a backup knows.
            self._list_from = ""
            raise

    def _pages(self) -> Iterator[T]:
        query = self._query(resourceVersion=self._list_from)
        if not self._list_from:
            query = self._query(limit=str(self._limit))
        elif self._list_from != "0":
            query["resourceVersionMatch"] = "NotOlderThan"
        for _ in range(MOST_PAGES):
            page = self._api.get(self._resource.path, query)
            yield from filter(None, map(self._parsed, page.get("items") or ()))
            meta = page.get("metadata") or {}
            self._version = str(meta.get("resourceVersion") or "")
            if not meta.get("continue"):
                return
            query = self._query(limit=str(self._limit)) | {"continue": str(meta["continue"])}
        raise TooLarge(f"a list of more than {MOST_PAGES} pages")

    def _replace(self, follower: Follower[T], items: list[T]) -> None:
        follower.replace(items)
        self._listed = True
        # The next list must not be older than what we have seen: other servers lag behind.
        self._list_from = self._version if self._resource.field_selector else ""
        self.state = WatchState(synced=True)
        follower.pause()

    def _follow(self, events: Iterator[tuple[str, T | None]], follower: Follower[T]) -> None:
        for kind, item in events:
            if item is not None:
                follower.change(kind, item)
            else:
                follower.pause()

    def _events(self, version: str, **more: str) -> Iterator[tuple[str, T | None]]:
        """Kind and object of each event; END_OF_LIST and BOOKMARK have none."""
        seconds = str(WATCH_SECONDS + round(WATCH_SECONDS * self._backoff.chance()))
        query = self._query(
            watch="true",
            allowWatchBookmarks="true",
            timeoutSeconds=seconds,
            resourceVersion=version,
            **more,
        )
        with closing(self._api.stream(self._resource.path, query, SILENCE_SECONDS)) as stream:
            self._worked()  # the server has answered, though it may be silent for a minute now
            for event in stream:
                yield from self._event(event)

    def _event(self, event: Json) -> Iterator[tuple[str, T | None]]:
        kind, data = str(event.get("type")), event.get("object")
        if not isinstance(data, dict):
            raise Unreachable("the API server sent an event without an object")
        if kind == "ERROR":
            raise refusal(int(data.get("code") or 0), data)
        meta = data.get("metadata") or {}
        self._version = str(meta.get("resourceVersion") or self._version)
        if kind in CHANGES:
            yield kind, self._parsed(data)
        elif kind == "BOOKMARK":
            ended = END_OF_LIST in (meta.get("annotations") or {})
            yield END_OF_LIST if ended else kind, None

    def _query(self, **asked: str) -> dict[str, str]:
        asked["fieldSelector"] = self._resource.field_selector
        return {key: value for key, value in asked.items() if value}

    def _parsed(self, data: Json) -> T | None:
        try:
            return self._parse(data)
        except Malformed as error:
            self.skipped += 1
            log.warning("an object of the API server is skipped: %s", error)
            return None


def _is_unknown(error: Refused) -> bool:
    """Whether this is how a server says that it cannot send a list as a watch.

    422 and 400: it does not know the parameter, or has it switched off. 500: its etcd is older than
    3.4.31 or 3.5.13 ("the required storage feature RequestWatchProgress is disabled").
    """
    return error.status in {400, 422} or "RequestWatchProgress" in str(error)
