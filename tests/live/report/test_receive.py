"""`runtime-sensor receive` as a person starts it, with the real sink on the other end."""

from __future__ import annotations

import gzip
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import urllib3

from sensor.report import address
from sensor.report.http import Client
from sensor.report.sink import Rejected, Retry
from sensor.report.snyk import bodies
from sensor.report.snyksink import SnykSink
from sensor.report.token import Token
from tests.live.report.conftest import SECRET
from tests.live.report.receiver import PATIENCE
from tests.support.batches import TARGET, batch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import trustme

COMMAND = (sys.executable, "-m", "sensor.cli", "receive")
PATH = "/v2/kubernetes-upstream/api/v1/runtime-results?version=2023-02-10"


@dataclass
class Running:
    """A receiver in its own process."""

    process: subprocess.Popen[str]
    base: str
    db: Path

    @property
    def host(self) -> str:
        return self.base.partition("://")[2]

    def end(self) -> str:
        """End it; its log."""
        self.process.send_signal(signal.SIGTERM)
        _, log = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0
        return log


@contextmanager
def receiving(db: Path, *words: str) -> Iterator[Running]:
    command = [*COMMAND, "--listen", "127.0.0.1:0", "--db", str(db), *words]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    with process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line.startswith("listening on "), process.communicate()
            yield Running(process, line.removeprefix("listening on ").strip(), db)
        finally:
            process.kill()


@pytest.fixture
def running(tmp_path: Path, authority: trustme.CA) -> Iterator[Running]:
    """With TLS and a token, as one would run it for a cluster."""
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    (tmp_path / "token").write_text(SECRET)
    words = ("--token-file", "token", "--tls-cert", "cert.pem", "--tls-key", "key.pem")
    files = [str(tmp_path / word) if "." in word or word == "token" else word for word in words]
    with receiving(tmp_path / "db", *files) as running:
        yield running


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Running]:
    """Without either, on this machine."""
    with receiving(tmp_path / "db", "--no-token") as running:
        yield running


def send(running: Running, ca_file: Path | None, token: str = SECRET) -> None:
    client = Client(address.parse(running.base), ca_file)
    with closing(SnykSink(client, TARGET, Token(token))) as sink:
        sink.send(batch())


def ask(db: Path, *words: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [*COMMAND, *words, "--db", str(db)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_what_the_sink_sends_can_be_asked_for(running: Running, ca_file: Path) -> None:
    send(running, ca_file)
    code, text, errors = ask(running.db, "find", "pkg:pypi/requests")
    assert (code, errors) == (0, "")
    assert "prod: shop/Deployment/web container web" in text
    code, text, _ = ask(running.db, "show", "shop/web", "--format", "json")
    containers = orjson.loads(text)["containers"]
    assert [one["container"] for one in containers] == ["proxy", "web"]
    assert [one["deployed"] for one in containers] == [True, True]
    assert SECRET not in running.end()


def test_it_is_asked_over_http_too(running: Running, ca_file: Path) -> None:
    send(running, ca_file)
    headers = {"Authorization": f"token {SECRET}"}
    with urllib3.PoolManager(ca_certs=str(ca_file)) as pool:
        found = pool.request("GET", f"{running.base}/find?package=requests", headers=headers)
        shown = pool.request("GET", f"{running.base}/show?workload=night", headers=headers)
        bare = pool.request("GET", f"{running.base}/find?package=requests")
        alive = pool.request("GET", f"{running.base}/healthz")
        other = pool.request("GET", f"{running.base}/etc", headers=headers)
        empty = pool.request("GET", f"{running.base}/find?package=", headers=headers)
        wrong = pool.request("GET", f"{running.base}/find?package=pkg:", headers=headers)
    assert [one["workload"] for one in found.json()["found"]] == ["web"]
    assert shown.json()["containers"][0]["packages"][0]["name"] == "golang.org/x/net"
    assert [one.status for one in (bare, alive, other, empty, wrong)] == [401, 200, 404, 400, 400]


def test_a_wrong_token_is_refused_with_words(running: Running, ca_file: Path) -> None:
    with pytest.raises(Retry, match=r"does not accept the token \(401\)") as caught:
        send(running, ca_file, "another-token")
    assert "not the one of this receiver" in str(caught.value)
    assert "another-token" not in running.end()


def test_an_authority_that_is_not_known_stops_the_sink(running: Running) -> None:
    with pytest.raises(Retry, match="not trusted"):
        send(running, None)


def test_a_report_in_many_parts_arrives(plain: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sensor.report.snyk.bodies.__defaults__", (4500,))
    send(plain, None)
    _, text, _ = ask(plain.db, "find", "requests", "--format", "json")
    (found,) = orjson.loads(text)["found"]
    assert found["current"]


def test_many_sensors_at_once_all_arrive(plain: Running) -> None:
    def one(number: int) -> None:
        client = Client(address.parse(plain.base))
        target = replace(TARGET, agent_id=f"node-{number}")
        with closing(SnykSink(client, target, Token(SECRET))) as sink:
            sink.send(batch())

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(one, range(20)))
    _, text, _ = ask(plain.db, "find", "requests", "--format", "json")
    (found,) = orjson.loads(text)["found"]
    assert found["agents"] == sorted(f"node-{number}" for number in range(20))


def post(running: Running, body: bytes, target: str = PATH, **headers: str) -> tuple[int, str]:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    with urllib3.PoolManager() as pool:
        answer = pool.request("POST", running.base + target, body=body, headers=names)
    found: dict[str, Any] = answer.json()
    return answer.status, found.get("errors", [{}])[0].get("detail", "")


GOOD = bodies(batch(), TARGET)[0]


def test_each_way_to_be_wrong_has_its_answer_and_breaks_nothing(plain: Running) -> None:
    bomb = gzip.compress(b"0" * (64 << 20))
    assert len(bomb) < 1 << 20
    zipped = {"Content_Encoding": "gzip"}
    wrong: Sequence[tuple[int, str, tuple[int, str]]] = (
        (400, "no JSON", post(plain, b"{")),
        (400, r"$.target", post(plain, GOOD.replace(b'"cluster"', b'"other"'))),
        (400, "no gzip", post(plain, GOOD, **zipped)),
        (400, "too early", post(plain, gzip.compress(GOOD)[:-20], **zipped)),
        (413, "too large", post(plain, bomb, **zipped)),
        (413, "too large", post(plain, b"0" * (5 << 20))),
        (415, "only gzip", post(plain, GOOD, Content_Encoding="br")),
        (404, "reports are taken at", post(plain, GOOD, "/other?version=1")),
        (400, "lacks version=", post(plain, GOOD, PATH.partition("?")[0])),
    )
    for status, words, answer in wrong:
        assert (answer[0], words in answer[1]) == (status, True), answer
    assert post(plain, GOOD) == (200, "")
    assert post(plain, gzip.compress(GOOD), **zipped) == (200, "")


def test_requests_without_a_length_and_half_ones_end_by_themselves(plain: Running) -> None:
    host, _, port = plain.host.rpartition(":")
    start = f"POST {PATH} HTTP/1.1\r\nHost: x\r\n".encode()
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as half:
        half.sendall(start + b"Transfer-Encoding: chunked\r\n\r\n")
        assert half.recv(100).startswith(b"HTTP/1.1 411 ")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as half:
        half.sendall(start + b"Content-Length: 100\r\n\r\nhalf")
        half.shutdown(socket.SHUT_WR)
        assert half.recv(100).startswith(b"HTTP/1.1 400 ")
    assert post(plain, GOOD) == (200, "")


def test_a_rejected_report_says_why_to_the_sensor(
    plain: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sensor.report.snyk.__version__", "")
    with pytest.raises(Rejected, match=r"\$\.identity\.version"):
        send(plain, None)


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        ((), 2, "--no-token"),
        (("--token", "a b"), 2, "cannot be a token"),
        (("--no-token", "--listen", "0.0.0.0:0"), 2, "without TLS"),
        (("--no-token", "--listen", "nonsense"), 2, "--listen"),
        (("--no-token", "--tls-cert", "x"), 2, "go together"),
        (("--no-token", "--tls-cert", "/no/x", "--tls-key", "/no/y"), 2, "cannot be read"),
        (("--no-token", "--db", "/no/such/folder/db"), 6, "unable to open"),
        (("find", "requests", "--db", "/no/db"), 6, "no such file"),
        (("find", "pkg:"), 6, "no such file"),
    ],
)
def test_wrong_settings_are_one_line_and_the_next_step(
    tmp_path: Path, words: tuple[str, ...], code: int, text: str
) -> None:
    done = subprocess.run(
        [*COMMAND, *words],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=PATIENCE,
        check=False,
    )
    lines = done.stderr.splitlines()
    assert (done.returncode, len(lines), done.stdout) == (code, 2, "")
    assert text in lines[0]
    assert lines[1].startswith("  help: ")


def test_control_c_ends_it_quietly(plain: Running) -> None:
    plain.process.send_signal(signal.SIGINT)
    _, errors = plain.process.communicate(timeout=PATIENCE)
    assert (plain.process.returncode, errors) == (0, "")


def test_an_answer_for_people_is_harmless(plain: Running) -> None:
    code, text, errors = ask(plain.db, "show", "no\x1b[2J")
    assert (code, text, errors) == (0, "no\\x1b[2J: no such workload was reported\n", "")
