"""A receiver that takes nothing: `run` says why, in its log and at /readyz, and does not hammer it.

What each answer means in detail is tests/live/report; here it is what an operator sees.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from socket import socket
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import trustme

from tests.live.agent.runs import running
from tests.live.agent.test_cluster import WEB, agent, web
from tests.live.agent.test_operation import asked
from tests.live.cli.world import world
from tests.live.kube.apiserver import ApiServer, Stream
from tests.live.report.conftest import server_context
from tests.live.report.receiver import FaultyReceiver, Got, Reply
from tests.support.cgroup import mount
from tests.unit.kube.made import bookmark, event

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live.agent.runs import Run
    from tests.live.cli.world import World

# Each waits some seconds, and they are many.
pytestmark = pytest.mark.heavy

GROUP = "0f9d2c34-7d6e-4a7b-9f55-0a5b5f2f7f11"
SECRET = "very-secret-token-1234"  # noqa: S105 - the one of the test
FOREVER = 100


@dataclass(frozen=True)
class Case:
    """A kind of trouble: what is said of it, what the next step names, the shortest wait.

    `files` are those of the mounted secret; `status` is the receiver's answer, None when nobody
    listens, and `after` its Retry-After; `tries` is how often it is asked in that wait.
    """

    says: str
    help: str
    wait: float
    status: int | None = 200
    after: str = "0"
    tries: int = 1
    files: tuple[tuple[str, str], ...] = (("snykToken", SECRET),)
    trusted: bool = True


CASES = {
    "a wrong token": Case("does not accept the token (401)", "snykToken", 60, 401),
    "no secret": Case("no token in", "secretName", 60, tries=0, files=()),
    "no key in it": Case("no token in", "snykToken", 60, tries=0, files=(("key", SECRET),)),
    "an empty key": Case("there is no token", "snykToken", 60, tries=0, files=(("snykToken", ""),)),
    "a wrong group": Case(f"may not report for group {GROUP}", "AppRisk", 60, 403),
    "nobody there": Case("connection refused", "snykAPIBaseURL", 2, None, tries=0),
    "too many requests": Case("too many requests", "sent again", 60, 429),
    "its own trouble": Case("has trouble (503)", "sent again", 60, 503, after="60"),
    "an unknown authority": Case("is not trusted", "extraCA", 2, tries=0, trusted=False),
}


@contextmanager
def receiver(case: Case, folder: Path) -> Iterator[tuple[FaultyReceiver, list[str]]]:
    """What plays Snyk in this case, and the options that lead to it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    # Bound and not listening: connections are refused.
    with socket() as taken, FaultyReceiver(server_context(authority, "127.0.0.1")) as made:
        taken.bind(("127.0.0.1", 0))
        made.replies = deque(reply(case) for _ in range(FOREVER))
        port = made.port if case.status else taken.getsockname()[1]
        trust = ["--extra-ca", str(folder / "ca.pem")] if case.trusted else []
        yield made, ["--api-base-url", f"127.0.0.1:{port}", *trust]


def reply(case: Case) -> Reply:
    return Reply(case.status or 200, headers={"Retry-After": case.after})


def options(folder: Path, case: Case) -> list[str]:
    """The options of a sensor whose secret is mounted with the files of the case."""
    mounted = folder / "secret"
    mounted.mkdir()
    for name, text in case.files:
        (mounted / name).write_text(text)
    words = ["--probes", "scan", "--sink", "snyk", "--cluster-name", "c", "--group-id", GROUP]
    return [*words, "--token-file", str(mounted / "snykToken")]


def sink(port: int) -> dict[str, Any]:
    """What /readyz says of the receiver."""
    found: dict[str, Any] = asked(port, "/readyz")[1].get("parts", {}).get("sink", {})
    return found


class Refused(NamedTuple):
    """A run whose reports nobody takes, its folder, and who plays Snyk."""

    case: Case
    folder: Path
    run: Run
    server: FaultyReceiver


@contextmanager
def refused(case: Case, folder: Path, pid: int) -> Iterator[Refused]:
    """A run over a process of the test."""
    with receiver(case, folder) as (server, way):
        words = [*way, *options(folder, case), "--health", "127.0.0.1:0"]
        with running(folder, *words, "--pid", str(pid)) as one:
            yield Refused(case, folder, one, server)


@pytest.fixture(scope="module")
def all_refused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Refused]]:
    """A run for each case, which all begin at once: each would wait alone for a second or two."""
    with world() as made, made.child("toy") as child, ExitStack() as stack:
        found = {
            name: stack.enter_context(refused(case, tmp_path_factory.mktemp("case"), child.pid))
            for name, case in CASES.items()
        }
        yield found
        assert [one.run.end() for one in found.values()] == [0] * len(CASES)
        for one in found.values():
            assert SECRET not in (one.folder / "log").read_text()


@pytest.mark.parametrize("name", CASES)
def test_an_operator_sees_what_is_wrong_and_it_is_tried_seldom(
    all_refused: dict[str, Refused], name: str
) -> None:
    case, _, one, server = all_refused[name]
    port = one.health_port()
    one.until(lambda: case.says in sink(port).get("reason", ""), "the state")
    state = sink(port)
    assert (state["ready"], case.help in state["help"]) == (False, True)
    assert asked(port, "/readyz")[0] == 503
    assert asked(port, "/healthz")[0] == 200
    check_log(one, case)
    assert len(server.got) == case.tries


def check_log(one: Run, case: Case) -> None:
    """One warning, with the next step and the wait; a wait has up to half of it more."""
    (line,) = one.says("report not accepted")
    assert line["level"] == "warning"
    assert case.says in line["message"]
    assert case.help in line["help"]
    assert line["wait"] >= case.wait


@pytest.mark.parametrize("name", ["a wrong token", "no secret", "no key in it", "an empty key"])
def test_a_secret_that_is_mended_is_used_by_the_next_report(
    made: World, tmp_path: Path, name: str
) -> None:
    with made.child("toy") as child, refused(CASES[name], tmp_path, child.pid) as found:
        found.run.until(lambda: found.run.says("report not accepted"), "the refusal")
        found.server.replies.clear()
        (tmp_path / "secret/snykToken").write_text("a-new-token")
        # The last report does not wait for its time.
        assert found.run.end() == 0
    assert found.server.got[-1].headers["Authorization"] == "token a-new-token"


@pytest.mark.root
def test_what_ended_while_nobody_took_reports_is_in_the_first_that_is_taken(
    made: World, tmp_path: Path
) -> None:
    case = replace(CASES["its own trouble"], after="0")
    with ApiServer() as server, receiver(case, tmp_path) as (snyk, way):
        server.watches.append(Stream([event("ADDED", web()), bookmark("11", end_of_list=True)]))
        words = [*way, *options(tmp_path, case), "--agent-id", "node-uid"]
        with agent(made, tmp_path, server, *words) as one:
            one.until(lambda: "toy" in loaded(snyk.got), "a report that is refused")
            end_container(WEB)
            one.until(lambda: one.says("process ended"), "its end is noticed")
            refused = len(snyk.got)
            snyk.replies.clear()
            one.until(lambda: one.says("reports are accepted again"), "a report is taken")
            assert "toy" in loaded(snyk.got[refused:])


def end_container(identity: str) -> None:
    """End what runs in the cgroup of a container of this test."""
    (procs,) = mount().rglob(f"*{identity}*/cgroup.procs")
    for pid in procs.read_text().split():
        os.kill(int(pid), signal.SIGKILL)


def loaded(requests: list[Got]) -> set[str]:
    """The names of all packages that requests call loaded."""
    facts = [fact for got in list(requests) for fact in got.body["facts"]]
    rows = [row for fact in facts if fact["type"] == "loadedPackages" for row in fact["data"]]
    return {package["name"] for row in rows for package in row["packages"]}
