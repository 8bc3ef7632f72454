"""Live and ready: what they depend on, what they must not depend on, and how it is answered."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import urllib3

from sensor.report.health import STUCK_SECONDS, Health
from sensor.report.healthserver import MAX_REQUESTS, HealthServer
from sensor.report.webserver import CannotListen
from tests.harness.skips import need

if TYPE_CHECKING:
    from collections.abc import Iterator


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    return Health(("sink", "kube", "probes"), clock, clock)


@pytest.fixture
def server(health: Health) -> Iterator[HealthServer]:
    server = HealthServer(("127.0.0.1", 0), health)
    server.start()
    yield server
    server.close()


def ask(server: HealthServer, path: str) -> tuple[int, dict[str, Any]]:
    with urllib3.PoolManager() as pool:
        response = pool.request(
            "GET", f"http://127.0.0.1:{server.port}{path}", retries=False, timeout=5
        )
        assert response.headers["Content-Type"] == "application/json"
        return response.status, orjson.loads(response.data)


def all_ready(health: Health) -> None:
    for part in ("sink", "kube", "probes"):
        health.ready(part)


def test_it_is_ready_when_every_part_is(health: Health) -> None:
    assert not health.readiness()[0]
    all_ready(health)
    assert health.readiness()[0]
    health.failed("sink", "the token is not accepted", "Put in another one.")
    ready, words = health.readiness()
    assert not ready
    assert words["parts"]["sink"] == {
        "ready": False,
        "reason": "the token is not accepted",
        "help": "Put in another one.",
        "since": 1000.0,
    }
    assert words["parts"]["kube"]["ready"]


def test_a_reason_keeps_its_beginning(health: Health, clock: Clock) -> None:
    health.failed("sink", "no answer")
    clock.now += 50
    health.failed("sink", "no answer")
    assert health.readiness()[1]["parts"]["sink"]["since"] == 1000.0
    health.ready("sink")
    assert health.readiness()[1]["parts"]["sink"]["since"] == 1050.0


def test_live_is_only_whether_the_loop_turns(health: Health, clock: Clock) -> None:
    health.failed("probes", "no BPF here")
    health.failed("sink", "no answer")
    assert health.live()[0]
    clock.now += STUCK_SECONDS + 1
    assert health.live() == (
        False,
        {"live": False, "seconds_since_last_turn": STUCK_SECONDS + 1},
    )
    health.beat()
    assert health.live()[0]


def test_a_clock_that_is_set_kills_nobody(clock: Clock) -> None:
    health = Health(("sink",), clock=clock)
    clock.now += 86400
    assert health.live()[0]


def test_the_answers(server: HealthServer, health: Health, clock: Clock) -> None:
    assert ask(server, "/healthz")[0] == 200
    status, words = ask(server, "/readyz")
    assert status == 503
    assert words["parts"]["sink"]["reason"] == "not started yet"
    all_ready(health)
    assert ask(server, "/readyz?verbose")[0] == 200
    clock.now += STUCK_SECONDS + 1
    assert ask(server, "/healthz")[0] == 503


def test_a_name_with_odd_bytes_can_be_a_reason(server: HealthServer, health: Health) -> None:
    health.failed("kube", "bad \udcff name")
    assert ask(server, "/readyz")[1]["parts"]["kube"]["reason"] == "bad \\xff name"


def test_nothing_else_is_answered(server: HealthServer) -> None:
    with urllib3.PoolManager() as pool:
        base = f"http://127.0.0.1:{server.port}"
        assert pool.request("GET", f"{base}/etc/passwd", retries=False).status == 404
        assert pool.request("POST", f"{base}/healthz", retries=False).status == 501


def test_askers_that_say_nothing_are_turned_away_when_there_are_many(server: HealthServer) -> None:
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(MAX_REQUESTS)]
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as late:
            assert late.recv(1) == b""
    finally:
        for one in silent:
            one.close()


def test_a_port_that_is_taken_is_said(server: HealthServer, health: Health) -> None:
    with pytest.raises(CannotListen, match="in use"):
        HealthServer(("127.0.0.1", server.port), health)


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as one:
            one.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_it_listens_on_ipv6_too(health: Health) -> None:
    need(has_ipv6(), "this machine has no IPv6", "a kernel with IPv6 and ::1 on lo")
    server = HealthServer(("::1", 0), health)
    server.start()
    try:
        with socket.create_connection(("::1", server.port), timeout=10) as asker:
            asker.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            assert asker.recv(100).startswith(b"HTTP/1.0 200")
    finally:
        server.close()


def test_closing_twice_is_fine(health: Health) -> None:
    server = HealthServer(("127.0.0.1", 0), health)
    server.close()
    server.close()
