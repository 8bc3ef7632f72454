"""The client against a server that answers badly: bounds, TLS, tokens, ends."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import orjson
import pytest
import trustme

from sensor.kube import http as module
from sensor.kube.endpoint import Endpoint, TokenFile
from sensor.kube.errors import (
    Closed,
    Expired,
    Forbidden,
    NoCredentials,
    NotFound,
    Refused,
    TooLarge,
    Unauthorized,
    Unreachable,
)
from sensor.kube.http import Api
from tests.live.kube.apiserver import PATIENCE, Answer, ApiServer, Hold, Stream
from tests.unit.kube.made import event, failure, pod, pod_list

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PODS = "/api/v1/pods"
WATCH = {"watch": "true"}
SECRET = "a.secret.token"  # noqa: S105 (made up)


def names(events: Iterator[dict[str, dict[str, dict[str, str]]]]) -> list[str]:
    return [one["object"]["metadata"]["name"] for one in events]


def test_a_page(server: ApiServer, api: Api) -> None:
    server.lists.append(Answer(pod_list(pod("a"))))
    assert api.get(PODS, {"limit": "5"})["items"][0]["metadata"]["name"] == "a"
    assert server.asked[0].query == {"limit": "5"}


def test_answers_that_are_read_to_the_end_share_a_connection(server: ApiServer, api: Api) -> None:
    server.lists.extend(Answer(pod_list(pod("a"))) for _ in range(5))
    server.lists.append(Answer(failure(404, "NotFound"), 404))
    server.lists.append(Answer(pod_list()))
    for _ in range(5):
        api.get(PODS)
    with pytest.raises(NotFound):
        api.get(PODS)
    api.get(PODS)
    assert server.connections == 1


def test_a_path_before_the_api_is_kept(server: ApiServer) -> None:
    server.lists.append(Answer(pod_list()))
    api = Api(Endpoint(f"{server.url}/k8s/clusters/c-1"))
    api.get(PODS)
    api.close()
    assert server.asked[0].path == f"/k8s/clusters/c-1{PODS}"


def test_a_watch_in_pieces_of_any_size(server: ApiServer, api: Api) -> None:
    lines = b"".join(orjson.dumps(event("ADDED", pod(name))) + b"\n" for name in ("a", "b", "c"))
    pieces = [lines[i : i + 7] for i in range(0, len(lines), 7)]
    server.watches.append(Stream(pieces, then="end"))
    assert names(api.stream(PODS, WATCH, PATIENCE)) == ["a", "b", "c"]


def test_an_event_is_told_as_soon_as_it_has_come(server: ApiServer, api: Api) -> None:
    gate = threading.Event()
    server.watches.append(Stream([event("ADDED", pod("a")), gate, event("ADDED", pod("b"))], "end"))
    events = api.stream(PODS, WATCH, PATIENCE)
    assert next(events)["object"]["metadata"]["name"] == "a"
    gate.set()
    assert names(events) == ["b"]


@pytest.mark.parametrize("then", ["cut", "end"])
def test_half_an_event_is_told_to_nobody(server: ApiServer, api: Api, then: str) -> None:
    server.watches.append(Stream([event("ADDED", pod("a")), b'{"type": "ADDED", "obj'], then))
    events = api.stream(PODS, WATCH, PATIENCE)
    assert next(events)["object"]["metadata"]["name"] == "a"
    with pytest.raises(Unreachable):
        next(events)


def test_a_stream_that_is_cut_off_between_events_is_an_error(server: ApiServer, api: Api) -> None:
    server.watches.append(Stream([event("ADDED", pod("a"))], "cut"))
    events = api.stream(PODS, WATCH, PATIENCE)
    next(events)
    with pytest.raises(Unreachable, match="network"):
        next(events)


def test_silence_is_the_end_of_a_stream(server: ApiServer, api: Api) -> None:
    server.watches.append(Stream([event("ADDED", pod("a"))]))
    assert names(api.stream(PODS, WATCH, silence=0.2)) == ["a"]


def test_a_server_that_does_not_answer(
    server: ApiServer, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "READ_SECONDS", 0.2)
    server.watches.append(Stream([]))
    with pytest.raises(Unreachable, match="network"):
        api.get(PODS, WATCH)


def test_a_server_that_answers_for_ever(
    server: ApiServer, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BODY_SECONDS", -1.0)
    server.watches.append(Stream([b"x"]))
    with pytest.raises(Unreachable, match="did not end"):
        api.get(PODS, WATCH)


def test_a_body_is_bounded(server: ApiServer, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BODY", 100_000)
    server.lists.append(Answer(b"[" * 300_000))
    with pytest.raises(TooLarge, match="100000 bytes"):
        api.get(PODS)


def test_a_line_is_bounded(server: ApiServer, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LINE", 100_000)
    server.watches.append(Stream([b'{"type": "', *[b"A" * 50_000] * 3]))
    with pytest.raises(TooLarge, match="100000 bytes"):
        next(api.stream(PODS, WATCH, PATIENCE))


@pytest.mark.parametrize("data", [b"<html>", b"", b"[]", b"7", b'{"kind": "Pod'])
def test_what_is_no_object(server: ApiServer, api: Api, data: bytes) -> None:
    server.lists.append(Answer(data))
    with pytest.raises(Unreachable, match="JSON"):
        api.get(PODS)


def test_a_body_that_is_cut_off(server: ApiServer, api: Api) -> None:
    server.lists.append(Answer(pod_list(pod("a")), cut_at=20))
    with pytest.raises(Unreachable, match="network"):
        api.get(PODS)


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        (401, "Unauthorized", Unauthorized),
        (403, "Forbidden", Forbidden),
        (404, "NotFound", NotFound),
        (410, "Expired", Expired),
        (410, "Gone", Expired),
        (429, "TooManyRequests", Refused),
        (500, "InternalError", Refused),
        (503, "ServiceUnavailable", Refused),
        (302, "Found", Refused),
    ],
)
def test_refusals(server: ApiServer, api: Api, code: int, reason: str, kind: type[Refused]) -> None:
    server.lists.append(Answer(failure(code, reason, "because"), code, {"Location": "/elsewhere"}))
    with pytest.raises(Refused, match="because") as caught:
        api.get(PODS)
    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.reason) == (code, reason)
    assert caught.value.help
    assert len(server.asked) == 1


@pytest.mark.parametrize("body", [b"<html>busy</html>" * 9000, b"", b"[1]", b"null"])
def test_a_refusal_by_something_else(server: ApiServer, api: Api, body: bytes) -> None:
    server.lists.append(Answer(body, 502))
    with pytest.raises(Refused, match="502") as caught:
        api.get(PODS)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("header", "details", "after"),
    [
        ("7", {}, 7.0),
        (None, {"retryAfterSeconds": 3}, 3.0),
        ("100000", {}, module.MOST_AFTER),
        ("Wed, 21 Oct 2026 07:28:00 GMT", {}, None),
        (None, {}, None),
    ],
)
def test_retry_after(
    server: ApiServer, api: Api, header: str | None, details: dict[str, int], after: float | None
) -> None:
    headers = {"Retry-After": header} if header else {}
    data = failure(429, "TooManyRequests", "slowly", **details)
    server.lists.append(Answer(data, 429, headers))
    with pytest.raises(Refused) as caught:
        api.get(PODS)
    assert caught.value.after == after


def test_nobody_listens(server: ApiServer) -> None:
    with ApiServer() as other:
        url = other.url
    api = Api(Endpoint(url))
    with pytest.raises(Unreachable, match="network"):
        api.get(PODS)
    api.close()
    assert server.asked == []


def test_a_token_that_is_refused_is_read_again_at_once(server: ApiServer, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("old")
    api = Api(Endpoint(server.url, token=TokenFile(file)))
    server.lists.append(Answer(pod_list()))
    api.get(PODS)
    file.write_text("new")
    server.lists.extend([Answer(failure(401, "Unauthorized"), 401), Answer(pod_list())])
    api.get(PODS)
    api.close()
    assert [one.token for one in server.asked] == ["old", "old", "new"]


def test_a_token_that_stays_wrong_is_tried_twice_and_never_shown(
    server: ApiServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "token"
    file.write_text(SECRET)
    api = Api(Endpoint(server.url, token=TokenFile(file)))
    server.lists.extend(Answer(failure(401, "Unauthorized"), 401) for _ in range(5))
    with pytest.raises(Unauthorized) as caught:
        api.get(PODS)
    api.close()
    assert len(server.asked) == 2
    assert SECRET not in str(caught.value) + repr(caught.value) + caplog.text


def test_proxies_of_the_environment_are_not_used(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    server.lists.append(Answer(pod_list()))
    api = Api(Endpoint(server.url))
    assert api.get(PODS)["items"] == []
    api.close()


def test_tls_of_the_given_authority(secure: ApiServer, ca: str) -> None:
    secure.lists.append(Answer(pod_list(pod("a"))))
    api = Api(Endpoint(secure.url, ca))
    assert len(api.get(PODS)["items"]) == 1
    api.close()


def test_tls_of_an_unknown_authority_is_refused(secure: ApiServer, tmp_path: Path) -> None:
    other = tmp_path / "other.crt"
    trustme.CA().cert_pem.write_to_path(str(other))
    for wrong in (str(other), None):
        api = Api(Endpoint(secure.url, wrong))
        with pytest.raises(Unreachable, match="TLS") as caught:
            api.get(PODS)
        api.close()
        assert "certificate" in str(caught.value)
        assert "of the CA" in caught.value.help
    assert secure.asked == []


def test_the_name_in_the_certificate_counts(secure: ApiServer, ca: str) -> None:
    secure.lists.append(Answer(pod_list()))
    api = Api(Endpoint(secure.url, ca, server_name="kubernetes.default.svc"))
    api.get(PODS)
    api.close()
    api = Api(Endpoint(secure.url, ca, server_name="somebody.else"))
    with pytest.raises(Unreachable, match="TLS"):
        api.get(PODS)
    api.close()


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_an_authority_that_is_not_readable(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "ca.crt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(NoCredentials, match="CA"):
        Api(Endpoint("https://127.0.0.1:1", str(file)))


@pytest.mark.parametrize("secured", [False, True], ids=["plain", "TLS"])
@pytest.mark.parametrize("answered", [True, False], ids=["between events", "before the answer"])
def test_close_ends_a_question_in_another_thread(
    request: pytest.FixtureRequest, ca: str, *, secured: bool, answered: bool
) -> None:
    server: ApiServer = request.getfixturevalue("secure" if secured else "server")
    hold = Hold()
    server.watches.append(Stream([event("ADDED", pod("a"))]) if answered else hold)
    api = Api(Endpoint(server.url, ca if secured else None))
    got, ended = threading.Event(), []

    def read() -> None:
        try:
            for _ in api.stream(PODS, WATCH, PATIENCE):
                got.set()
        except Closed as error:
            ended.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    assert (got if answered else hold.asked).wait(PATIENCE)
    begin = time.monotonic()
    api.close()
    thread.join(PATIENCE)
    assert time.monotonic() - begin < PATIENCE / 4
    assert len(ended) == 1
    with pytest.raises(Closed):
        api.get(PODS)
