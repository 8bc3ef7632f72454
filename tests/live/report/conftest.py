"""A certificate authority of the test, and sinks that trust it."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest
import trustme

from sensor.report import address
from sensor.report.gate import Gate
from sensor.report.http import Client
from sensor.report.snyksink import SnykSink
from sensor.report.token import Token
from tests.live.report.receiver import FaultyReceiver
from tests.support.batches import TARGET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECRET = "0f1e2d3c-very-secret-token"  # noqa: S105 - the one of the tests


class Clock:
    """A clock that stands until it is told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return file


def server_context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture
def receiver(authority: trustme.CA) -> Iterator[FaultyReceiver]:
    with FaultyReceiver(server_context(authority, "localhost", "127.0.0.1")) as receiver:
        yield receiver


@pytest.fixture
def make_sink(clock: Clock, ca_file: Path) -> Iterator[Callable[..., SnykSink]]:
    """Make a sink for a receiver; `text` in place of its address, and what Client takes."""
    made: list[SnykSink] = []

    def make(
        receiver: FaultyReceiver, text: str = "", token: Token | None = None, **more: object
    ) -> SnykSink:
        place = address.parse(text or f"localhost:{receiver.port}")
        client = Client(place, **{"extra_ca": ca_file, "seconds": (5.0, 5.0), **more})  # type: ignore[arg-type]
        gate = Gate(clock, lambda: 0.0)
        made.append(SnykSink(client, TARGET, token or Token(SECRET), gate))
        return made[-1]

    yield make
    for sink in made:
        sink.close()
