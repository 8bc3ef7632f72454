"""Questions to one API server: objects, and streams of objects. Knows of Kubernetes only Status.

Everything is bounded: bytes of an answer, bytes of a line, seconds of silence. Proxies of the
environment are not used: urllib3 takes one only when told to, and the API server is near.
One thread asks; `close` may be called from any other, and ends what is being asked.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import orjson
from urllib3.exceptions import HTTPError, ReadTimeoutError, SSLError

from sensor.kube.errors import (
    BY_STATUS,
    Closed,
    Expired,
    Refused,
    TooLarge,
    Unauthorized,
    Unreachable,
)
from sensor.kube.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from urllib3.response import BaseHTTPResponse

    from sensor.kube.endpoint import Endpoint

# A page of 100 pods has 0.6 to 2 MB; etcd takes no object above 1.5 MB, so ten hostile ones fit.
MOST_BODY = 32 << 20
# One event: an object of 1.5 MB in etcd's binary form can be some larger as JSON.
MOST_LINE = 8 << 20
# A Status has some 300 bytes; of a proxy's page of HTML this is enough.
MOST_STATUS = 64 << 10
MOST_MESSAGE = 300
CHUNK = 64 << 10
# Within a cluster an answer begins in milliseconds; a list of 5,000 pods took 0.5 s (measured).
READ_SECONDS = 10.0
# A server that sends one byte a second would otherwise hold us for ever.
BODY_SECONDS = 60.0
# How long a server may tell us to wait.
MOST_AFTER = 300.0
OK = 200
JSON = "application/json"

Json = dict[str, Any]


class Api:
    """A client of one API server. `close` it at the end."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Prepare, without connecting. Raises NoCredentials for a CA or certificate not usable."""
        self._endpoint = endpoint
        self._transport = Transport(endpoint)

    def get(self, path: str, query: Mapping[str, str] | None = None, accept: str = JSON) -> Json:
        """The object at a path. Raises Unreachable, Refused, TooLarge, NoCredentials, Closed."""
        response = self._ask(path, query or {}, accept, READ_SECONDS)
        try:
            return _object(self._body(response, MOST_BODY))
        finally:
            response.close()

    def stream(self, path: str, query: Mapping[str, str], silence: float) -> Generator[Json]:
        """The objects of an endless answer, one a line, until it ends or is silent for too long.

        Returns when the answer has begun. `silence` is how many seconds may pass without a byte.
        Raises as `get` does, now or from the generator; close that.
        """
        return self._objects(self._ask(path, query, JSON, silence))

    def _objects(self, response: BaseHTTPResponse) -> Generator[Json]:
        try:
            for line in self._lines(response):
                yield _object(line)
        finally:
            response.close()

    def close(self) -> None:
        """End what is being asked, in whatever thread; every later call raises Closed."""
        self._transport.cut()

    def _ask(
        self, path: str, query: Mapping[str, str], accept: str, silence: float
    ) -> BaseHTTPResponse:
        try:
            return self._ask_once(path, query, accept, silence)
        except Unauthorized:
            if self._endpoint.token is None:
                raise
            # The token may have been replaced since we read it: once more with the newest.
            self._endpoint.token.renew()
            return self._ask_once(path, query, accept, silence)

    def _ask_once(
        self, path: str, query: Mapping[str, str], accept: str, silence: float
    ) -> BaseHTTPResponse:
        headers = self._headers(accept)
        if self._transport.is_cut:
            raise _closed()
        try:
            response = self._transport.send(path, query, headers, silence)
        except HTTPError as error:
            raise self._broken(error) from error
        if response.status != OK:
            raise self._refusal(response)
        return response

    def _headers(self, accept: str) -> dict[str, str]:
        headers = {"Accept": accept, "User-Agent": "runtime-sensor"}
        if self._endpoint.token is not None:
            headers["Authorization"] = f"Bearer {self._endpoint.token.value()}"
        return headers

    def _body(self, response: BaseHTTPResponse, most: int) -> bytes:
        end = time.monotonic() + BODY_SECONDS
        body = bytearray()
        while chunk := self._chunk(response):
            body += chunk
            if len(body) > most:
                raise TooLarge(f"an answer of the API server is longer than {most} bytes")
            if time.monotonic() > end:
                raise Unreachable(f"an answer did not end within {BODY_SECONDS:.0f} s")
        return bytes(body)

    def _lines(self, response: BaseHTTPResponse) -> Iterator[bytes]:
        rest = bytearray()
        while chunk := self._next_chunk(response):
            *whole, last = chunk.split(b"\n")
            for part in whole:
                yield bytes(rest + part)
                rest.clear()
            rest += last
            if len(rest) > MOST_LINE:
                raise TooLarge(f"an event is longer than {MOST_LINE} bytes")
        if rest:
            raise Unreachable("a watch ended in the middle of an event")

    def _next_chunk(self, response: BaseHTTPResponse) -> bytes:
        """As `_chunk`; silence is an end: a server without bookmarks has nothing to say."""
        try:
            return self._chunk(response)
        except Unreachable as error:
            if isinstance(error.__cause__, ReadTimeoutError):
                return b""
            raise

    def _chunk(self, response: BaseHTTPResponse) -> bytes:
        """What has come, waiting for the first byte; b"" at the end."""
        try:
            chunk = response.read1(CHUNK)
        except HTTPError as error:
            raise self._broken(error) from error
        except ValueError as error:  # ssl, when `close` comes between two of its steps
            if not self._transport.is_cut:
                raise
            raise _closed() from error
        if self._transport.is_cut:
            raise _closed()
        return chunk

    def _broken(self, error: HTTPError) -> Closed | Unreachable:
        if self._transport.is_cut:
            return _closed()
        kind = "TLS" if isinstance(error, SSLError) else "network"
        return Unreachable(f"no answer from {self._endpoint.url} ({kind}): {error}")

    def _refusal(self, response: BaseHTTPResponse) -> Refused:
        try:
            status = _status(self._body(response, MOST_STATUS))
        except TooLarge:  # not a Status, then
            status = {}
        finally:
            response.close()
        return refusal(response.status, status, response.headers.get("Retry-After"))


def _closed() -> Closed:
    return Closed("the client is closed")


def _object(data: bytes) -> Json:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Unreachable(f"the API server sent {len(data)} bytes that are no JSON") from error
    if not isinstance(value, dict):
        raise Unreachable("the API server sent JSON that is no object")
    return value


def _status(body: bytes) -> Json:
    """The Status object of an answer; {} for a proxy's page of HTML."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def refusal(code: int, status: Json, retry_after: str | None = None) -> Refused:
    """The error of a Status object (meta/v1), from an answer or from an ERROR event."""
    reason = str(status.get("reason") or "")
    message = str(status.get("message") or reason or "without a message")[:MOST_MESSAGE]
    details = status.get("details")
    details = details if isinstance(details, dict) else {}
    kind = Expired if _is_too_new(details) else BY_STATUS.get(code, Refused)
    after = retry_after or details.get("retryAfterSeconds")
    return kind(code, message, reason, _seconds(after))


def _is_too_new(details: Json) -> bool:
    """Whether our version is newer than the server's: the cause of a 504 (apimachinery, 1.17)."""
    causes = details.get("causes") or ()
    return any(cause.get("reason") == "ResourceVersionTooLarge" for cause in causes)


def _seconds(asked: object) -> float | None:
    text = str(asked or "")
    return min(float(text), MOST_AFTER) if text.isdecimal() else None
