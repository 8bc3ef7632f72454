"""A small HTTP server in threads that nobody can fill up: for health, and for the receiver."""

from __future__ import annotations

import socket
import socketserver
import sys
import threading
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Final, cast

from sensor import log
from sensor.errors import UsageError

if TYPE_CHECKING:
    import ssl
    from http.server import BaseHTTPRequestHandler

# As socketserver has it.
Request = socket.socket | tuple[bytes, socket.socket]
LOGGER = log.logger(__name__)
# How often the thread that accepts looks whether it shall end.
POLL_SECONDS: Final = 0.1


class CannotListen(UsageError):
    """The address to listen on cannot be used."""

    help = "Give a free port and an address of this machine, as HOST:PORT."


class WebServer(ThreadingHTTPServer):
    """Listens from the beginning, answers from `start` on, ends with `close`.

    At most `room` requests are answered at a time; who comes then is turned away. Their sockets
    never block for longer than the handler's `timeout`, which each handler must set.
    """

    daemon_threads = True
    # Threads of askers that hang are not waited for.
    block_on_close = False
    request_queue_size = 64

    def __init__(
        self,
        address: tuple[str, int],
        handler: type[BaseHTTPRequestHandler],
        room: int,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Listen; the host "" is all addresses, the port 0 any free one. Raises CannotListen."""
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._room = threading.Semaphore(room)
        self._tls = tls
        self._silence = handler.timeout
        self._thread = threading.Thread(
            target=self.serve_forever, args=(POLL_SECONDS,), name="web", daemon=True
        )
        try:
            super().__init__(address, handler)
        except OSError as error:
            host, port = address
            raise CannotListen(f"cannot listen on {host}:{port}: {error.strerror}") from error

    @property
    def port(self) -> int:
        """The port it listens on."""
        port: int = self.server_address[1]
        return port

    def server_bind(self) -> None:
        """As the base class, without its question to DNS for our own name."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "runtime-sensor", self.server_address[1]

    def start(self) -> None:
        """Answer from now on, in a thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering. Closing twice is fine."""
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join()
        self.server_close()

    def process_request(self, request: Request, client_address: object) -> None:
        """Answer in a thread, if there is room."""
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no thread can be started
            self._room.release()
            raise

    def process_request_thread(self, request: Request, client_address: object) -> None:
        """Answer. The handshake of TLS is here too, where it holds nobody else up."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def finish_request(self, request: Request, client_address: object) -> None:
        """Speak TLS if we shall, then let the handler answer."""
        if self._tls is None:
            super().finish_request(request, client_address)
            return
        plain = cast("socket.socket", request)  # a pair is only given for UDP
        plain.settimeout(self._silence)
        with self._tls.wrap_socket(plain, server_side=True) as wrapped:
            super().finish_request(wrapped, client_address)

    def handle_error(self, request: Request, client_address: object) -> None:  # noqa: ARG002
        """An asker that goes away or speaks no TLS is no event; anything else is a defect."""
        error = sys.exception()
        if error is not None and not isinstance(error, OSError):
            LOGGER.error("a request failed", extra=log.fields(error=log.where(error)))
