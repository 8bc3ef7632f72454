"""One POST to the receiver: TLS always verified, gzip, bounded in time and bytes. Retries nothing.

What an answer means is the sink's affair (`snyksink`). No text that leaves this file holds the
token: not the URL, not an error of a library, not what a server says back.
"""

from __future__ import annotations

import gzip
import os
import socket
import ssl
import time
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import uuid4

import orjson
import urllib3
from urllib3.exceptions import (
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as HTTPTimeoutError

from sensor import __version__
from sensor.errors import SensorError, UsageError
from sensor.log import HIDDEN
from sensor.report.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from urllib3.response import BaseHTTPResponse

    from sensor.report.address import Address
    from sensor.report.proxy import Proxy

# A handshake across the world takes well below a second; a dropped packet is sent again after 1, 3
# and 7 s.
CONNECT_SECONDS: Final = 10.0
# A busy receiver may take its time to store 1 MB; proxies give up after 60 s.
READ_SECONDS: Final = 30.0
# Of an answer only its error is read.
MAX_ANSWER: Final = 64 << 10
MAX_WORDS: Final = 300
CHUNK: Final = 16 << 10
# Best ratio for its time on JSON: level 6 is what every server and browser uses.
LEVEL: Final = 6


class NoAnswer(SensorError):
    """The receiver was not reached, or did not answer in time."""

    help = (
        "Check snykAPIBaseURL, that the pod may reach it (port 443, network policies, DNS), and "
        "HTTPS_PROXY and NO_PROXY if the way leads through a proxy."
    )


class NotTrusted(NoAnswer):
    """The certificate of the receiver, or of the proxy, is not one that we trust."""

    help = (
        "If a proxy or a receiver of your own has its own authority, give its certificate by "
        "sensor.extraCA.configMap (--extra-ca FILE). Verification cannot be switched off."
    )


class BadAuthority(UsageError):
    """The file of further certificates cannot be used."""

    help = "Give --extra-ca (sensor.extraCA.configMap) a file with certificates in PEM form."


class Answer(NamedTuple):
    """What came back. `after` are the seconds of Retry-After, None when it is not there.

    `words` is the server's own explanation in one line; `sunset` is set when the version of the
    API will go (the date as the server writes it).
    """

    status: int
    request_id: str
    after: float | None = None
    words: str = ""
    sunset: str = ""


class Client:
    """Posts to one address."""

    def __init__(
        self,
        address: Address,
        extra_ca: Path | None = None,
        proxy: Proxy | None = None,
        *,
        seconds: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
    ) -> None:
        """Connect nowhere yet. `seconds`: for the connect, for silence. Raises BadAuthority."""
        self.address = address
        self._seconds = seconds
        self._pool = _pool(_context(extra_ca), proxy, seconds)

    def post(self, body: bytes, token: str) -> Answer:
        """Send JSON. Answers whatever the status is. Raises NoAnswer, NotTrusted."""
        request_id = str(uuid4())
        headers = _headers(token, request_id)
        try:
            response = self._pool.request(
                "POST",
                self.address.url,
                body=gzip.compress(body, LEVEL, mtime=0),
                headers=headers,
                redirect=False,
                retries=False,
                preload_content=False,
            )
        except HTTPError as error:
            # Not chained: a library's error may show headers or a proxy's password.
            raise self._no_answer(error) from None
        return self._answer(response, request_id, token)

    def close(self) -> None:
        """Close the connections. Closing twice is fine."""
        self._pool.clear()

    def _answer(self, response: BaseHTTPResponse, request_id: str, token: str) -> Answer:
        try:
            body = self._read(response)
        except HTTPError as error:
            raise self._no_answer(error) from None
        finally:
            # Given back only when it was read to its end, else closed.
            response.release_conn() if response.closed else response.close()
        headers = response.headers
        return Answer(
            response.status,
            request_id,
            seconds_of(headers.get("Retry-After", ""), time.time()),
            _words(body).replace(token, HIDDEN)[:MAX_WORDS],
            printable(headers.get("Sunset", "").replace(token, HIDDEN))[:MAX_WORDS],
        )

    def _read(self, response: BaseHTTPResponse) -> bytes:
        """The answer up to its bound; a server that sends a byte now and then does not hold us."""
        end = time.monotonic() + self._seconds[1]
        body = b""
        while len(body) < MAX_ANSWER and time.monotonic() < end:
            chunk = response.read1(CHUNK)
            if not chunk:
                break
            body += chunk
        return body

    def _no_answer(self, error: HTTPError) -> NoAnswer:
        cause = _cause(error)
        where = self.address.base
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NotTrusted(f"the certificate of {where} is not trusted: {cause.verify_message}")
        return NoAnswer(f"no answer from {where}: {_why(error, cause)}")


def _context(extra_ca: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if extra_ca is None:
        return context
    try:
        context.load_verify_locations(cafile=extra_ca)
    except ssl.SSLError:
        raise BadAuthority(f"{extra_ca} holds no certificate in PEM form") from None
    except OSError as error:
        raise BadAuthority(f"{extra_ca} cannot be read: {error.strerror}") from None
    return context


def _pool(
    context: ssl.SSLContext, proxy: Proxy | None, seconds: tuple[float, float]
) -> urllib3.PoolManager:
    timeout = urllib3.Timeout(connect=seconds[0], read=seconds[1])
    if proxy is None:
        return urllib3.PoolManager(1, ssl_context=context, timeout=timeout, maxsize=1)
    headers = (
        urllib3.make_headers(proxy_basic_auth=proxy.credentials) if proxy.credentials else None
    )
    return urllib3.ProxyManager(
        proxy.url,
        1,
        proxy_headers=headers,
        proxy_ssl_context=context,
        ssl_context=context,
        timeout=timeout,
        maxsize=1,
    )


def _headers(token: str, request_id: str) -> dict[str, str]:
    return {
        "Authorization": f"token {token}",
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
        "User-Agent": f"runtime-sensor/{__version__}",
        # Snyk's own clients send it (kubernetes-scanner): a support case can name it.
        "snyk-request-id": request_id,
    }


def _cause(error: BaseException) -> BaseException:
    """The innermost error: urllib3 puts them into each other, as arguments or as the cause."""
    inner = [one for one in error.args if isinstance(one, BaseException)]
    if isinstance(error, ProxyError):
        inner = [error.original_error]
    if isinstance(error, NewConnectionError) and isinstance(error.__cause__, OSError):
        inner = [error.__cause__]
    return _cause(inner[0]) if inner else error


# By the kind of error: the texts of libraries are long, and change.
PHRASES: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (NameResolutionError, "its name is not known (DNS)"),
    (socket.gaierror, "its name is not known (DNS)"),
    (NewConnectionError, "no connection"),
    (TimeoutError, "it took too long"),
    (HTTPTimeoutError, "it took too long"),
    (ssl.SSLError, "TLS failed"),
    (SSLError, "TLS failed"),
    (ProtocolError, "the connection broke"),
    (HTTPException, "the connection broke"),
)


def _why(error: HTTPError, cause: BaseException) -> str:
    prefix = "through the proxy: " if isinstance(error, ProxyError) else ""
    phrase = next((text for kind, text in PHRASES if isinstance(cause, kind)), "")
    # By its number: what else a library puts into an error could be a header.
    system = os.strerror(cause.errno).lower() if isinstance(cause, OSError) and cause.errno else ""
    return prefix + (phrase or system or type(cause).__name__)


def seconds_of(text: str, now: float) -> float | None:
    """The seconds that a Retry-After header asks for: a number, or a date (RFC 9110, 10.2.3)."""
    text = text.strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None  # no date either: as if the header were not there


def _words(body: bytes) -> str:
    """What the server says, in one line: JSON:API errors as Snyk writes them, or a `message`."""
    try:
        value: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""  # a page of HTML explains nothing
    if not isinstance(value, dict):
        return ""
    errors = value.get("errors")
    found = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    texts = [
        f"{one.get('detail') or one.get('title') or ''} {one.get('id') or ''}" for one in found
    ]
    texts += [str(value[key]) for key in ("message", "error") if value.get(key)]
    return printable("; ".join(text.strip() for text in texts if text.strip()))
