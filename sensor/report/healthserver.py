"""Answers GET /healthz and /readyz over HTTP with what `health` says. Nothing else is answered.

The kubelet asks from the node, so there is neither TLS nor a token, and no answer holds a secret.
"""

from __future__ import annotations

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Final, cast

from sensor.report.facts import dumps
from sensor.report.webserver import WebServer

if TYPE_CHECKING:
    from sensor.report.health import Health

# A request is some 200 bytes that are there at once.
REQUEST_SECONDS: Final = 5.0
# Who connects and says nothing holds a thread for that long: so many at most.
MAX_REQUESTS: Final = 8


class HealthServer(WebServer):
    """See WebServer for how it begins and ends."""

    def __init__(self, address: tuple[str, int], health: Health) -> None:
        """Listen; the host "" is all addresses, the port 0 any free one. Raises CannotListen."""
        self.health = health
        super().__init__(address, _Handler, MAX_REQUESTS)


class _Handler(BaseHTTPRequestHandler):
    timeout = REQUEST_SECONDS
    server_version = "runtime-sensor"
    sys_version = ""

    def do_GET(self) -> None:
        """/healthz and /readyz: 200 or 503, with the reasons as JSON."""
        health = cast("HealthServer", self.server).health
        asked = {"/healthz": health.live, "/readyz": health.readiness}
        question = asked.get(self.path.partition("?")[0])
        if question is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        good, words = question()
        body = dumps(words)
        self.send_response(HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the kubelet asks every few seconds."""
