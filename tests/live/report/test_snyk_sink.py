"""The Snyk sink against a real server on loopback: TLS, the wire, and every way to be refused."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from sensor import __version__
from sensor.report import address
from sensor.report.http import BadAuthority, Client
from sensor.report.proxy import Proxy
from sensor.report.sink import Rejected, Retry
from sensor.report.snyk import Target
from sensor.report.snyksink import BadTarget, SnykSink
from sensor.report.token import Token
from tests.live.report.conftest import SECRET, Clock, server_context
from tests.live.report.receiver import FaultyReceiver, Reply
from tests.support.batches import TARGET, batch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import trustme


def refusal(sink: SnykSink) -> Retry | Rejected:
    """What a try ends with; it must end with one of the two."""
    with pytest.raises((Retry, Rejected)) as caught:
        sink.send(batch())
    assert isinstance(caught.value, Retry | Rejected)
    return caught.value


def test_a_report_arrives_by_tls_with_all_headers(
    receiver: FaultyReceiver, make_sink: Callable[..., SnykSink]
) -> None:
    make_sink(receiver).send(batch())
    (got,) = receiver.got
    assert got.target == "/v2/kubernetes-upstream/api/v1/runtime-results?version=2023-02-10"
    assert got.headers["Authorization"] == f"token {SECRET}"
    assert got.headers["Content-Encoding"] == "gzip"
    assert got.headers["Content-Type"] == "application/json"
    assert got.headers["User-Agent"] == f"runtime-sensor/{__version__}"
    assert len(got.headers["snyk-request-id"]) == 36
    assert got.body["target"]["userLocator"] == TARGET.group_id
    assert [one["type"] for one in got.body["facts"]] == [
        "report",
        "deployedWorkloads",
        "loadedPackages",
    ]


def test_reports_share_a_connection(
    receiver: FaultyReceiver, make_sink: Callable[..., SnykSink]
) -> None:
    sink = make_sink(receiver)
    for _ in range(3):
        sink.send(batch())
    assert (len(receiver.got), receiver.connections) == (3, 1)


def test_an_authority_that_is_not_known_is_never_accepted(
    receiver: FaultyReceiver, make_sink: Callable[..., SnykSink]
) -> None:
    error = refusal(make_sink(receiver, extra_ca=None))
    assert isinstance(error, Retry)
    assert "not trusted" in str(error)
    assert "--extra-ca" in error.help
    assert not receiver.got


def test_a_certificate_for_another_name_is_never_accepted(
    authority: trustme.CA, make_sink: Callable[..., SnykSink]
) -> None:
    with FaultyReceiver(server_context(authority, "other.example")) as other:
        error = refusal(make_sink(other))
        assert "not trusted" in str(error)
        assert "Hostname mismatch" in str(error)
        assert not other.got


def test_a_server_without_tls_is_never_sent_a_token(make_sink: Callable[..., SnykSink]) -> None:
    with FaultyReceiver() as plain:
        error = refusal(make_sink(plain))
        assert "TLS failed" in str(error)
        assert not plain.got


def test_plain_http_is_for_this_machine_and_only_when_written(
    make_sink: Callable[..., SnykSink],
) -> None:
    with FaultyReceiver() as plain:
        make_sink(plain, f"http://127.0.0.1:{plain.port}").send(batch())
        assert len(plain.got) == 1


@pytest.mark.parametrize(
    ("status", "kind", "words", "next_step"),
    [
        (400, Rejected, "does not accept the report", "snykGroupId"),
        (401, Retry, "does not accept the token", "snykToken"),
        (403, Rejected, f"may not report for group {TARGET.group_id}", "AppRisk"),
        (404, Rejected, "does not take reports", "snykAPIBaseURL"),
        (413, Rejected, "too large", "snykAPIBaseURL"),
        (422, Rejected, "refuses the report", "asks us to wait"),
        (301, Rejected, "sends us elsewhere", "snykAPIBaseURL"),
        (408, Retry, "has trouble", "sent again"),
        (429, Retry, "too many requests", "sent again"),
        (500, Retry, "has trouble", "sent again"),
        (503, Retry, "has trouble", "sent again"),
    ],
)
def test_each_answer_has_its_meaning_and_its_next_step(
    receiver: FaultyReceiver,
    make_sink: Callable[..., SnykSink],
    status: int,
    kind: type[Exception],
    words: str,
    next_step: str,
) -> None:
    receiver.replies.append(Reply(status, headers={"Location": "https://elsewhere.example/"}))
    error = refusal(make_sink(receiver))
    assert type(error) is kind
    assert words in str(error)
    assert str(status) in str(error)
    assert next_step in error.help
    assert len(receiver.got) == 1


def test_what_the_server_says_is_passed_on_but_never_the_token(
    receiver: FaultyReceiver, make_sink: Callable[..., SnykSink]
) -> None:
    body = f'{{"errors":[{{"id":"e-1","detail":"bad {SECRET}\\u001b[31m token"}}]}}'
    receiver.replies.append(Reply(401, body.encode()))
    error = refusal(make_sink(receiver))
    assert str(error).endswith("(401): bad [hidden]\\x1b[31m token e-1")


@pytest.mark.parametrize("body", [b"<html>gateway</html>", b"[1]", b"\xff", b'{"errors":7}'])
def test_an_answer_that_explains_nothing_is_fine(
    receiver: FaultyReceiver, make_sink: Callable[..., SnykSink], body: bytes
) -> None:
    receiver.replies.append(Reply(502, body))
    assert str(refusal(make_sink(receiver))).endswith("has trouble (502)")


def test_an_endless_answer_is_read_to_its_bound(
    receiver: FaultyReceiver, make_sink: Callable[..., SnykSink]
) -> None:
    receiver.replies.append(Reply(500, b"x" * (8 << 20)))
    sink = make_sink(receiver)
    refusal(sink)


def test_while_the_gate_is_shut_no_request_is_made_however_often_it_is_asked(
    receiver: FaultyReceiver, make_sink: Callable[..., SnykSink], clock: Clock
) -> None:
    receiver.replies.extend(Reply(503) for _ in range(100))
    sink = make_sink(receiver)
    for _ in range(3600):  # an hour, asked each second
        assert isinstance(refusal(sink), Retry)
        clock.now += 1
    # 2, 4, 8 … 256 s, then each 300 s.
    assert len(receiver.got) == 8 + 11


def test_it_goes_on_when_the_receiver_does(
    receiver: FaultyReceiver, make_sink: Callable[..., SnykSink], clock: Clock
) -> None:
    receiver.replies.append(Reply(503))
    sink = make_sink(receiver)
    error = refusal(sink)
    assert isinstance(error, Retry)
    assert error.after == 2.0
    clock.now += 2.0
    sink.send(batch())
    receiver.replies.append(Reply(503))
    again = refusal(sink)
    assert isinstance(again, Retry)
    assert again.after == 2.0


@pytest.mark.parametrize(("asked", "wait"), [("5", 60.0), ("240", 240.0), ("", 60.0)])
def test_after_429_there_is_a_quiet_minute_or_as_long_as_was_asked_for(
    receiver: FaultyReceiver,
    make_sink: Callable[..., SnykSink],
    clock: Clock,
    asked: str,
    wait: float,
) -> None:
    receiver.replies.append(Reply(429, headers={"Retry-After": asked} if asked else {}))
    sink = make_sink(receiver)
    error = refusal(sink)
    assert isinstance(error, Retry)
    assert error.after == wait
    clock.now += wait - 1
    refusal(sink)
    assert len(receiver.got) == 1
    clock.now += 1
    sink.send(batch())
    assert len(receiver.got) == 2


def test_a_wait_that_was_asked_for_with_503_is_kept(
    receiver: FaultyReceiver, make_sink: Callable[..., SnykSink]
) -> None:
    receiver.replies.append(Reply(503, headers={"Retry-After": "120"}))
    error = refusal(make_sink(receiver))
    assert isinstance(error, Retry)
    assert error.after == 120.0


def test_a_refused_token_is_tried_seldom_but_a_new_one_at_once(
    receiver: FaultyReceiver, make_sink: Callable[..., SnykSink], clock: Clock, tmp_path: Path
) -> None:
    file = tmp_path / "snykToken"
    file.write_text("old-token\n")
    receiver.replies.extend(Reply(401) for _ in range(100))
    sink = make_sink(receiver, token=Token(file=file))
    for _ in range(3600):
        refusal(sink)
        clock.now += 1
    # After 60, 120, 240, 480 s, then each 900 s.
    assert len(receiver.got) == 7
    receiver.replies.clear()
    file.write_text("new-token\n")
    sink.send(batch())
    assert receiver.got[-1].headers["Authorization"] == "token new-token"


def test_a_new_token_does_not_break_a_quiet_minute(
    receiver: FaultyReceiver, make_sink: Callable[..., SnykSink], clock: Clock, tmp_path: Path
) -> None:
    file = tmp_path / "snykToken"
    file.write_text("old-token")
    receiver.replies.extend([Reply(401), Reply(429)])
    sink = make_sink(receiver, token=Token(file=file))
    refusal(sink)
    file.write_text("second-token")
    refusal(sink)
    file.write_text("third-token")
    refusal(sink)
    assert len(receiver.got) == 2
    clock.now += 120
    sink.send(batch())


def test_a_quiet_minute_holds_for_a_new_token_after_an_old_one_was_refused(
    receiver: FaultyReceiver, make_sink: Callable[..., SnykSink], clock: Clock, tmp_path: Path
) -> None:
    file = tmp_path / "snykToken"
    file.write_text("old-token")
    receiver.replies.extend([Reply(401), Reply(429)])
    sink = make_sink(receiver, token=Token(file=file))
    refusal(sink)
    clock.now += 60
    refusal(sink)
    file.write_text("new-token")
    refusal(sink)
    assert len(receiver.got) == 2


def test_a_secret_that_comes_late_is_seen_at_once(
    receiver: FaultyReceiver, make_sink: Callable[..., SnykSink], tmp_path: Path
) -> None:
    file = tmp_path / "snykToken"
    sink = make_sink(receiver, token=Token(file=file))
    error = refusal(sink)
    assert isinstance(error, Retry)
    assert "no token in" in str(error)
    assert "snykToken" in error.help
    file.write_text("late-token")
    sink.send(batch())
    assert len(receiver.got) == 1


def test_a_rejected_report_does_not_hammer(
    receiver: FaultyReceiver, make_sink: Callable[..., SnykSink], clock: Clock
) -> None:
    receiver.replies.extend(Reply(403) for _ in range(100))
    sink = make_sink(receiver)
    assert isinstance(refusal(sink), Rejected)
    later = refusal(sink)
    assert isinstance(later, Retry)
    assert "may not report" in str(later)
    for _ in range(3600):
        refusal(sink)
        clock.now += 1
    assert len(receiver.got) == 7


def test_a_report_in_parts_stops_at_the_first_refusal(
    receiver: FaultyReceiver,
    make_sink: Callable[..., SnykSink],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sensor.report.snyk.bodies.__defaults__", (4500,))
    receiver.replies.extend([Reply(), Reply(503)])
    sink = make_sink(receiver)
    refusal(sink)
    assert len(receiver.got) == 2
    clock.now += 10
    sink.send(batch())
    parts = [got.body["facts"][0]["data"][0] for got in receiver.got[2:]]
    assert [one["part"] for one in parts] == list(range(1, parts[0]["parts"] + 1))


def test_a_broken_connection_is_tried_later(
    receiver: FaultyReceiver, make_sink: Callable[..., SnykSink]
) -> None:
    receiver.replies.append(Reply(cut=True))
    error = refusal(make_sink(receiver))
    assert isinstance(error, Retry)
    assert "the connection broke" in str(error)


def test_a_connection_that_the_server_closed_meanwhile_is_made_anew(
    receiver: FaultyReceiver, make_sink: Callable[..., SnykSink]
) -> None:
    receiver.replies.append(Reply(headers={"Connection": "close"}))
    sink = make_sink(receiver)
    sink.send(batch())
    sink.send(batch())
    assert receiver.connections == 2


def test_a_server_that_does_not_answer_is_left(
    receiver: FaultyReceiver, make_sink: Callable[..., SnykSink]
) -> None:
    hold = threading.Event()
    receiver.replies.append(Reply(hold=hold))
    try:
        error = refusal(make_sink(receiver, seconds=(5.0, 0.3)))
    finally:
        hold.set()
    assert isinstance(error, Retry)
    assert "it took too long" in str(error)


def test_an_answer_that_comes_byte_by_byte_does_not_hold_us(
    receiver: FaultyReceiver, make_sink: Callable[..., SnykSink]
) -> None:
    receiver.replies.append(Reply(503, b'{"message": "' + b"x" * 5000, drip=threading.Event()))
    begin = time.monotonic()
    error = refusal(make_sink(receiver, seconds=(5.0, 0.3)))
    assert time.monotonic() - begin < 10  # all of it would take 250 s
    assert str(error).endswith("has trouble (503)")


def test_nobody_listens(make_sink: Callable[..., SnykSink], receiver: FaultyReceiver) -> None:
    with socket.socket() as taken:  # bound and not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        error = refusal(make_sink(receiver, f"127.0.0.1:{taken.getsockname()[1]}"))
    assert isinstance(error, Retry)
    assert "connection refused" in str(error)
    assert "snykAPIBaseURL" in error.help


def test_a_name_that_is_not_known(
    make_sink: Callable[..., SnykSink], receiver: FaultyReceiver
) -> None:
    error = refusal(make_sink(receiver, "nowhere.invalid:443"))
    assert isinstance(error, Retry)
    assert "its name is not known" in str(error)


def test_the_proxy_is_asked_and_its_password_stays(
    make_sink: Callable[..., SnykSink], receiver: FaultyReceiver
) -> None:
    with FaultyReceiver() as proxy:
        way = Proxy(f"http://127.0.0.1:{proxy.port}", "user:proxy-password")
        error = refusal(make_sink(receiver, "api.example:443", proxy=way))
        (asked,) = proxy.got
    assert asked.target == "api.example:443"
    assert asked.headers["Proxy-Authorization"].startswith("Basic ")
    assert "Authorization" not in asked.headers
    assert "through the proxy" in str(error)
    assert "proxy-password" not in str(error)


@pytest.mark.parametrize("content", [None, b"no certificate", b""])
def test_an_extra_authority_that_is_none_is_told_at_once(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadAuthority, match=r"ca\.pem"):
        Client(address.parse("api.example"), file)


@pytest.mark.parametrize(
    "target", [Target("", "c", "a"), Target("g", "", "a"), Target("g", "c", "")]
)
def test_a_name_that_each_report_needs_must_be_set(target: Target) -> None:
    with pytest.raises(BadTarget, match=r"not set|no id"):
        SnykSink(Client(address.parse("api.example")), target, Token(SECRET))


def test_the_end_of_an_api_version_is_told_once(
    receiver: FaultyReceiver, make_sink: Callable[..., SnykSink], caplog: pytest.LogCaptureFixture
) -> None:
    sunset = {"Sunset": "Wed, 11 Nov 2026 11:11:11 GMT"}
    receiver.replies.extend([Reply(headers=sunset), Reply(headers=sunset)])
    sink = make_sink(receiver)
    sink.send(batch())
    sink.send(batch())
    told = [one for one in caplog.records if "ends" in one.getMessage()]
    assert [one.levelname for one in told] == ["WARNING"]
