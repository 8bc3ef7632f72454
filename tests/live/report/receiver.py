"""A server on loopback that takes reports, well or badly, as a test tells it. It knows no wire."""

from __future__ import annotations

import gzip
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Self, cast

import orjson

from sensor.report.webserver import WebServer

if TYPE_CHECKING:
    import ssl
    import threading
    from email.message import Message

# How long a test waits for what must come; nothing takes a tenth of it.
PATIENCE = 20.0


@dataclass
class Got:
    """One request as it came."""

    target: str
    headers: Message
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(gzip.decompress(self.raw))
        return found


@dataclass
class Reply:
    """One answer; `hold` is waited for before it is sent."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    hold: threading.Event | None = None
    # Break the connection off in place of an answer.
    cut: bool = False
    # Wait for this before each byte of the body: it is never set.
    drip: threading.Event | None = None


class FaultyReceiver(WebServer):
    """Gives the replies that stand in `replies`, then 200 for ever. `got` is what came."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.replies: deque[Reply] = deque()
        self.got: list[Got] = []
        self.connections = 0
        super().__init__(("127.0.0.1", 0), _Handler, 16, tls)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def verify_request(self, request: object, client_address: object) -> bool:  # noqa: ARG002
        self.connections += 1
        return True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE

    def do_POST(self) -> None:
        server = cast("FaultyReceiver", self.server)
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        server.got.append(Got(self.path, self.headers, raw))
        reply = server.replies.popleft() if server.replies else Reply()
        if reply.hold:
            reply.hold.wait(PATIENCE)
        if reply.cut:
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if reply.drip is None:
            self.wfile.write(reply.body)
            return
        for byte in reply.body:
            reply.drip.wait(0.05)
            self.wfile.write(bytes([byte]))

    def do_CONNECT(self) -> None:
        """As a proxy that leads nowhere."""
        server = cast("FaultyReceiver", self.server)
        server.got.append(Got(self.path, self.headers, b""))
        self.send_response(407)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass
