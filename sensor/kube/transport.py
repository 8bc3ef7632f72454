"""The connections to one API server: TLS, timeouts, and how they are cut from another thread.

urllib3 offers no way to end a request that still waits for its answer, so each connection is
remembered, and `cut` shuts its socket: the thread that waits on it then sees its end at once.
"""

from __future__ import annotations

import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import urllib3
from urllib3.util import parse_url

from sensor.kube.errors import NoCredentials

if TYPE_CHECKING:
    from collections.abc import Mapping

    from urllib3.connection import HTTPConnection
    from urllib3.response import BaseHTTPResponse

    from sensor.kube.endpoint import Endpoint

# Within a cluster a connection takes milliseconds.
CONNECT_SECONDS = 5.0
# A connection whose other end vanished is found after 30 + 3 * 10 s, also when nothing is sent.
KEEPALIVE = [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
]
# A watch, and beside it a question for an owner.
CONNECTIONS = 2


class Transport:
    """A pool of connections. One thread sends; any thread may cut."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Prepare, without connecting. Raises NoCredentials for a CA or certificate not usable."""
        self._prefix = (parse_url(endpoint.url).path or "").rstrip("/")
        self._known: WeakSet[HTTPConnection] = WeakSet()
        self._lock = threading.Lock()
        self._cut = False
        self._pool = _pool(endpoint)
        self._pool.ConnectionCls = self._remembering(self._pool.ConnectionCls)

    def send(
        self, path: str, query: Mapping[str, str], headers: Mapping[str, str], silence: float
    ) -> BaseHTTPResponse:
        """GET, and return when the head of the answer is there. Raises urllib3's HTTPError.

        `silence` is how many seconds may pass without a byte, now and while the body is read.
        """
        return self._pool.request(
            "GET",
            self._prefix + path,
            fields=dict(query),
            headers=dict(headers),
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=silence),
            retries=False,
            redirect=False,
            preload_content=False,
        )

    @property
    def is_cut(self) -> bool:
        """Whether `cut` was called: whatever is read now is an end that we made ourselves."""
        return self._cut

    def cut(self) -> None:
        """End all connections; a thread that waits on one sees its end."""
        with self._lock:
            self._cut = True
            for connection in self._known:
                _shut(connection)
        self._pool.close()

    def _remembering(self, base: type[Any]) -> type[Any]:
        remember = self._remember

        class Remembered(base):  # type: ignore[misc] # its base is chosen at run time
            def connect(self) -> None:
                remember(self)
                super().connect()
                remember(self)  # `cut` may have come while it had no socket yet

        return Remembered

    def _remember(self, connection: HTTPConnection) -> None:
        with self._lock:
            self._known.add(connection)
            if self._cut:
                _shut(connection)


def _shut(connection: HTTPConnection) -> None:
    try:
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        # The other end was faster: then nobody waits on it.
        return


def _pool(endpoint: Endpoint) -> urllib3.HTTPConnectionPool:
    common: dict[str, Any] = {"maxsize": CONNECTIONS, "socket_options": KEEPALIVE}
    url = parse_url(endpoint.url)
    if url.scheme == "http":
        return urllib3.HTTPConnectionPool(url.host or "", url.port, **common)
    return urllib3.HTTPSConnectionPool(
        url.host or "",
        url.port,
        ssl_context=_context(endpoint),
        server_hostname=endpoint.server_name,
        assert_hostname=endpoint.server_name,
        **common,
    )


def _context(endpoint: Endpoint) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=endpoint.ca)
        if endpoint.certificate:
            context.load_cert_chain(endpoint.certificate, endpoint.key)
    except OSError as error:  # ssl.SSLError is one
        raise NoCredentials(f"the CA or client certificate is not usable: {error}") from error
    # Python 3.13 refuses authorities without a key identifier; kubeadm and EKS have made such.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context
