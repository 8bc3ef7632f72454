"""The receiver over HTTP: takes the wire by POST, answers questions by GET. Bounded everywhere."""

from __future__ import annotations

import hmac
import ssl
import zlib
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import parse_qs, urlsplit

from sensor import log
from sensor.errors import SensorError, UsageError
from sensor.receiver.check import NotTheWire, checker
from sensor.receiver.questions import find, show
from sensor.receiver.store import NotDeployed, Store, StoreFull
from sensor.report.address import PATH, is_loopback
from sensor.report.facts import dumps
from sensor.report.webserver import WebServer

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

LOGGER = log.logger(__name__)
# The sensor sends 1 MB of JSON at the most, about 100 KB after gzip.
MAX_COMPRESSED: Final = 4 << 20
MAX_BODY: Final = 16 << 20
MAX_READ_AWAY: Final = 64 << 20
REQUEST_SECONDS: Final = 30.0
# Each holds a body of at most MAX_BODY; who comes then is turned away, and tries again.
MAX_REQUESTS: Final = 32
QUESTIONS: Final[dict[str, tuple[str, Callable[[sqlite3.Connection, str], dict[str, Any]]]]] = {
    "/find": ("package", find),
    "/show": ("workload", show),
}


class Unsafe(UsageError):
    """Settings that would send a token in the clear, or a certificate that cannot be used."""

    help = "Give --tls-cert and --tls-key, or listen on 127.0.0.1."


class Receiver(WebServer):
    """See WebServer for how it begins and ends. `token` "" takes requests of everybody."""

    def __init__(
        self,
        address: tuple[str, int],
        store: Store,
        token: str,
        tls: ssl.SSLContext | None = None,
        path: str = PATH,
    ) -> None:
        """Listen. Raises CannotListen, NoValidator, Unsafe."""
        if tls is None and not is_loopback(address[0]):
            raise Unsafe(f"{address[0] or 'every address'} without TLS would show tokens to others")
        self.check = checker()
        self.store = store
        self.token = token
        self.path = path
        if token:
            log.hide(token)
        super().__init__(address, _Handler, MAX_REQUESTS, tls)


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS with a certificate chain and its key, both PEM. Raises Unsafe."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except ssl.SSLError:
        raise Unsafe(f"{certificate} and {key} are no certificate with its key (PEM)") from None
    except OSError as error:
        raise Unsafe(f"{certificate} or {key} cannot be read: {error.strerror}") from None
    return context


class _Refused(SensorError):
    """A request that is answered with an error."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status


STATUSES: Final[dict[type[SensorError], HTTPStatus]] = {
    NotTheWire: HTTPStatus.BAD_REQUEST,
    NotDeployed: HTTPStatus.BAD_REQUEST,
    UsageError: HTTPStatus.BAD_REQUEST,
    StoreFull: HTTPStatus.INSUFFICIENT_STORAGE,
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = REQUEST_SECONDS
    server_version = "runtime-sensor"
    sys_version = ""
    # Bytes of the body that are not read yet; None when their number is not told.
    _left: int | None = None

    def do_POST(self) -> None:
        """One request of the wire."""
        self._guarded(self._take)

    def do_GET(self) -> None:
        """A question, or /healthz."""
        self._guarded(self._answer_question)

    def _guarded(self, work: Callable[[], dict[str, Any]]) -> None:
        # A connection serves one request: sensors come once a minute, and each open connection
        # would hold a place that others need.
        self.close_connection = True
        length = self.headers.get("Content-Length", "")
        self._left = int(length[:12]) if length.isascii() and length.isdecimal() else None
        try:
            answer = work()
        except SensorError as error:
            self._refuse(error)
        else:
            self._send(HTTPStatus.OK, answer)

    def _take(self) -> dict[str, Any]:
        receiver = self._receiver()
        self._need_token()
        parts = urlsplit(self.path)
        if parts.path != receiver.path:
            raise _Refused(HTTPStatus.NOT_FOUND, f"reports are taken at {receiver.path}")
        if not parse_qs(parts.query).get("version"):
            raise _Refused(HTTPStatus.BAD_REQUEST, "the query lacks version=")
        request = receiver.check(self._body())
        receiver.store.add(request)
        LOGGER.info("report taken", extra=log.fields(agent=request["target"]["agentId"]))
        return {"accepted": True}

    def _answer_question(self) -> dict[str, Any]:
        parts = urlsplit(self.path)
        if parts.path == "/healthz":
            return {"live": True}
        self._need_token()
        if parts.path not in QUESTIONS:
            raise _Refused(HTTPStatus.NOT_FOUND, "ask /find?package= or /show?workload=")
        word, question = QUESTIONS[parts.path]
        asked = parse_qs(parts.query).get(word, [""])[0]
        if not asked:
            raise _Refused(HTTPStatus.BAD_REQUEST, f"the query lacks {word}=")
        store = self._receiver().store
        with store.lock:
            return question(store.connection, asked)

    def _need_token(self) -> None:
        token = self._receiver().token
        given = self.headers.get("Authorization", "").encode("latin-1", "replace")
        if token and not hmac.compare_digest(given, f"token {token}".encode()):
            raise _Refused(HTTPStatus.UNAUTHORIZED, "the token is not the one of this receiver")

    def _body(self) -> bytes:
        if self._left is None:
            raise _Refused(HTTPStatus.LENGTH_REQUIRED, "Content-Length is missing")
        if self._left > MAX_COMPRESSED:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large")
        length, self._left = self._left, 0
        data = self.rfile.read(length)
        if len(data) < length:
            raise _Refused(HTTPStatus.BAD_REQUEST, "the body ends too early")
        coding = self.headers.get("Content-Encoding", "identity").lower()
        if coding == "gzip":
            return _unzipped(data)
        if coding != "identity":
            raise _Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "only gzip is understood")
        return data

    def _refuse(self, error: SensorError) -> None:
        status = next((code for kind, code in STATUSES.items() if isinstance(error, kind)), None)
        status = error.status if isinstance(error, _Refused) else status
        status = status or HTTPStatus.INTERNAL_SERVER_ERROR
        detail = f"{error}"
        LOGGER.warning("request refused", extra=log.fields(status=int(status), detail=detail))
        self._read_away()
        self._send(status, {"errors": [{"status": str(int(status)), "detail": detail}]})

    def _read_away(self) -> None:
        """Read what is left of a body: else the kernel resets the connection, answer and all."""
        left = min(self._left or 0, MAX_READ_AWAY)
        while left and (data := self.rfile.read1(min(left, 1 << 16))):
            left -= len(data)

    def _send(self, status: HTTPStatus, answer: dict[str, Any]) -> None:
        body = dumps(answer)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def _receiver(self) -> Receiver:
        return cast("Receiver", self.server)

    def log_message(self, *_: object) -> None:
        """Say nothing: what matters is logged above, without headers."""


def _unzipped(data: bytes) -> bytes:
    """The body; a few bytes can become gigabytes, so only as many as are allowed are made."""
    unzip = zlib.decompressobj(wbits=31)  # gzip only
    try:
        body = unzip.decompress(data, MAX_BODY)
    except zlib.error:
        raise _Refused(HTTPStatus.BAD_REQUEST, "the body is no gzip") from None
    if not unzip.eof:
        too_large = bool(unzip.unconsumed_tail)
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if too_large else HTTPStatus.BAD_REQUEST
        raise _Refused(status, "the body is too large" if too_large else "the body ends too early")
    return body
