"""Servers, certificates and clients for the tests of sensor.kube."""

from __future__ import annotations

import ssl
import threading
from typing import TYPE_CHECKING

import pytest
import trustme

from sensor.kube.endpoint import Endpoint
from sensor.kube.feed import PodFeed
from sensor.kube.http import Api
from tests.live.kube.apiserver import PATIENCE, ApiServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sensor.kube.pods import Pods


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "kubernetes.default.svc").configure_cert(context)
    return context


@pytest.fixture
def ca(authority: trustme.CA, tmp_path: Path) -> str:
    file = tmp_path / "ca.crt"
    authority.cert_pem.write_to_path(str(file))
    return str(file)


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with ApiServer() as made:
        yield made


@pytest.fixture
def secure(tls: ssl.SSLContext) -> Iterator[ApiServer]:
    with ApiServer(tls) as made:
        yield made


@pytest.fixture
def api(server: ApiServer) -> Iterator[Api]:
    made = Api(Endpoint(server.url))
    yield made
    made.close()


class Following:
    """A PodFeed in a thread of its own, and what a test waits for."""

    def __init__(self, api: Api, node: str | None) -> None:
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self.feed = PodFeed(api, node, changed=self._notify)
        self._thread = threading.Thread(target=self.feed.run, args=(self._stop,))
        self._thread.start()

    @property
    def pods(self) -> Pods:
        return self.feed.pods

    def names(self) -> list[str]:
        return [pod.name for pod in self.pods.all()]

    def wait(self, condition: Callable[[], bool]) -> None:
        """Wait until it holds, looking again after each change."""
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE), (self.names(), self.feed.state)

    def end(self) -> None:
        self._stop.set()
        self.feed.close()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()


@pytest.fixture
def follow(server: ApiServer) -> Iterator[Callable[..., Following]]:
    """Start a feed on the server; ended when the test ends."""
    started: list[Following] = []

    def start(node: str | None = "node-1", endpoint: Endpoint | None = None) -> Following:
        started.append(Following(Api(endpoint or Endpoint(server.url)), node))
        return started[-1]

    yield start
    for one in started:
        one.end()
