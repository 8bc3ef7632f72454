"""A server on loopback that answers like an API server, well or badly, as a test tells it.

It knows nothing: for each kind of question there is a queue of answers, and what was asked is kept.
The shapes of answers are those of real servers (tests/unit/kube/made.py).
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from sensor.kube.http import Json

# How long a test waits for what must come; nothing takes a tenth of it.
PATIENCE = 20.0


@dataclass
class Asked:
    """One question."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]

    @property
    def token(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")


@dataclass
class Answer:
    """A whole answer: a JSON object, or bytes as they are."""

    data: Json | bytes = b""
    code: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    # Send only so many bytes of the body, then close the connection.
    cut_at: int | None = None


@dataclass
class Stream:
    """Events, one a line. A list within is sent as one piece; bytes are sent as they are.

    An Event of threading is waited for. At the end the stream is ended ("end"), cut off without
    the end that HTTP wants ("cut"), or kept open until the server is closed ("open").
    """

    parts: Sequence[Json | bytes | threading.Event]
    then: str = "open"


@dataclass
class Hold:
    """No answer at all until the server is closed; `asked` is set when the question is there."""

    asked: threading.Event = field(default_factory=threading.Event)


class ApiServer:
    """Serves until it is closed. Lists and watches have queues; other paths have one answer each.

    A watch for which no answer is left stays silent and open; a list is then answered with 500.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.lists: deque[Answer] = deque()
        self.watches: deque[Answer | Stream | Hold] = deque()
        self.objects: dict[str, Answer] = {}
        self.asked: list[Asked] = []
        self.connections = 0
        self.closing = threading.Event()
        self._changed = threading.Condition()
        self._http = _Server(self)
        if tls:
            self._http.socket = tls.wrap_socket(
                self._http.socket, server_side=True, do_handshake_on_connect=False
            )
        self._scheme = "https" if tls else "http"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._http.server_address[1]}"

    def note(self, asked: Asked) -> Answer | Stream | Hold:
        """Keep the question and choose its answer."""
        with self._changed:
            self.asked.append(asked)
            self._changed.notify_all()
            if "watch" in asked.query:
                return self.watches.popleft() if self.watches else Stream([])
            if asked.path in self.objects:
                return self.objects[asked.path]
            return self.lists.popleft() if self.lists else Answer(b"no answer is left", 500)

    def connected(self) -> None:
        with self._changed:
            self.connections += 1

    def wait(self, condition: Callable[[], bool]) -> None:
        """Wait until it holds, looking at each question that comes."""
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE), self.summary()

    def summary(self) -> dict[str, int]:
        counts: dict[str, int] = defaultdict(int)
        for one in self.asked:
            counts[f"{one.path} {'watch' if 'watch' in one.query else 'get'}"] += 1
        return dict(counts)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, api: ApiServer) -> None:
        self.api = api
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 (socketserver)
        """A client that went away, or does not trust us, is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are two writes: with Nagle each answer takes 40 ms.
    disable_nagle_algorithm = True
    server: _Server
    # A connection that nobody uses is closed at the end of the test.
    timeout = PATIENCE

    def setup(self) -> None:
        self.server.api.connected()
        super().setup()

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = Asked(parts.path, dict(parse_qsl(parts.query)), dict(self.headers))
        answer = self.server.api.note(asked)
        if isinstance(answer, Hold):
            answer.asked.set()
            assert self.server.api.closing.wait(PATIENCE)
        elif isinstance(answer, Answer):
            self._answer(answer)
        else:
            self._stream(answer)

    def _answer(self, answer: Answer) -> None:
        body = answer.data if isinstance(answer.data, bytes) else json.dumps(answer.data).encode()
        self.send_response(answer.code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: answer.cut_at])
        self.close_connection = answer.cut_at is not None

    def _stream(self, stream: Stream) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in stream.parts:
            if isinstance(part, threading.Event):
                assert part.wait(PATIENCE)
            else:
                line = part if isinstance(part, bytes) else json.dumps(part).encode() + b"\n"
                self.wfile.write(b"%x\r\n%b\r\n" % (len(line), line))
                self.wfile.flush()
        if stream.then == "open":
            assert self.server.api.closing.wait(PATIENCE)
        if stream.then == "end":
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (http.server's name)
        """Nothing on the terminal."""
