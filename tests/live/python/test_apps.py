"""Real applications with forked workers, against what each worker says of itself."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, Any

import pytest

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look_until_done
from sensor.resolvers.python import PYTHON
from sensor.resolvers.python.opened import KIND
from tests.support.pythons import PROGRAMS, files, read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sensor.host.seam import Cache
    from tests.harness.fixtures import Toolbox

pytestmark = pytest.mark.runtimes


def test_gunicorn_workers(toolbox: Toolbox, tmp_path: Path) -> None:
    with gunicorn(toolbox, tmp_path, "flask_app:app", "-w", "2") as address:
        assert_equal(truths(address, workers=2))


def test_gunicorn_workers_forked_after_import(toolbox: Toolbox, tmp_path: Path) -> None:
    with gunicorn(toolbox, tmp_path, "flask_app:app", "-w", "2", "--preload") as address:
        workers = truths(address, workers=2)
        assert_equal(workers)
        cache = FileCache()
        packages = [loaded(pid, cache) for pid in workers]
    assert packages[0] == packages[1]
    assert {"flask", "gunicorn", "requests", "pyyaml", "werkzeug", "urllib3"} <= packages[0]
    # The interpreter's file was read once: the second worker found it in the cache.
    assert cache.statistics[KIND].puts == 1
    assert cache.statistics[KIND].hits >= 1


def test_django(toolbox: Toolbox, tmp_path: Path) -> None:
    with gunicorn(toolbox, tmp_path, "django_app:application", "-w", "1") as address:
        workers = truths(address, workers=1)
        assert_equal(workers)
        assert {"django", "asgiref", "sqlparse"} <= loaded(min(workers), FileCache())


def test_celery_prefork(toolbox: Toolbox, tmp_path: Path) -> None:
    environment = dict(os.environ, BROKER_FOLDER=str(tmp_path))
    program = [str(toolbox.path("python-apps") / "bin" / "python")]
    options = ["-c", "2", "-l", "ERROR", "--without-gossip", "--without-mingle"]
    command = [*program, "-m", "celery", "-A", "celery_app", "worker", *options]
    with tmp_path.joinpath("log").open("wb") as log, server(command, environment, log):
        ask = [*program, "celery_ask.py", "2"]
        done = subprocess.run(ask, cwd=PROGRAMS, env=environment, capture_output=True, check=True)
        workers = {int(pid): modules for pid, modules in json.loads(done.stdout).items()}
        assert len(workers) == 2
        assert_equal(workers)


def assert_equal(workers: dict[int, dict[str, str | None]]) -> None:
    for pid, truth in workers.items():
        found = read(pid)
        assert files(found) == truth
        assert found.gaps == []


def loaded(pid: int, cache: Cache) -> set[str]:
    """Names of the packages that a whole look finds, without versions."""
    opener = LocalOpener()
    finding = look_until_done(opener, opener.key(pid), [PYTHON], cache).findings["python"]
    purls = [package.purl for package in finding.packages]
    return {purl.removeprefix("pkg:pypi/").partition("@")[0] for purl in purls}


@contextmanager
def gunicorn(toolbox: Toolbox, folder: Path, app: str, *options: str) -> Iterator[str]:
    """Serve an application; the address is that of a socket on which it listens."""
    address = str(folder / "socket")
    program = toolbox.path("python-apps") / "bin" / "python"
    command = [str(program), "-m", "gunicorn", "-b", f"unix:{address}", *options, app]
    with server(command, dict(os.environ), subprocess.PIPE) as popen:
        assert popen.stderr
        started = any(b"Listening at" in line for line in popen.stderr)
        assert started, "gunicorn ended"
        yield address


@contextmanager
def server(
    command: list[str], environment: dict[str, str], log: IO[bytes] | int
) -> Iterator[subprocess.Popen[bytes]]:
    """A server with its workers: the process group that we began, and which we end.

    Celery takes six seconds to end in order, and nobody waits for what it has left to do.
    """
    with subprocess.Popen(
        command, cwd=PROGRAMS, env=environment, stderr=log, start_new_session=True
    ) as popen:
        try:
            yield popen
        finally:
            os.killpg(popen.pid, signal.SIGKILL)
            popen.communicate()


def truths(address: str, workers: int) -> dict[int, dict[str, str | None]]:
    """What each worker has imported, as it says in its second answer.

    A worker has one connection at a time. So while another waits for what is asked on the first
    connection, the last one is of a worker of its own, which may still be starting.
    """
    for _ in range(2):
        with ExitStack() as stack:
            clients = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(workers)]
            for client in clients:
                client.connect(address)
            answers = [get(client) for client in reversed(clients)]
    found = {answer["pid"]: answer["modules"] for answer in answers}
    assert len(found) == workers
    return found


def get(client: socket.socket) -> dict[str, Any]:
    client.sendall(b"GET /truth HTTP/1.0\r\nHost: test\r\n\r\n")
    with client.makefile("rb") as answer:
        said: dict[str, Any] = json.loads(answer.read().partition(b"\r\n\r\n")[2])
    return said
