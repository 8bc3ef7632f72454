"""One suite over all Openers: each test is a function that asks a process, run in three ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from sensor.host import fixturefile
from sensor.host.local import LocalOpener
from sensor.host.recorded import RecordedOpener
from sensor.host.recorder import RecordingOpener
from tests.support.child import Child, started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sensor.host.seam import Process

    Ask = Callable[[Process, Child], None]


class Run(Protocol):
    """Run a contract on the child."""

    def __call__(self, ask: Ask, child: Child) -> None:
        """Open the child and ask."""


@pytest.fixture(params=["local", "recorder", "recorded"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    """Return how a contract is run: on the process; through the recorder; on what that wrote."""
    ways: dict[str, Run] = {
        "local": _local,
        "recorder": lambda ask, child: _recorder(ask, child, tmp_path),
        "recorded": lambda ask, child: _recorded(ask, child, tmp_path),
    }
    return ways[request.param]


@pytest.fixture
def child() -> Iterator[Child]:
    """Return a running child."""
    with started() as running:
        yield running


def _local(ask: Ask, child: Child) -> None:
    opener = LocalOpener()
    with opener.open_process(opener.key(child.pid)) as process:
        ask(process, child)


def _recorder(ask: Ask, child: Child, tmp_path: Path) -> None:
    opener = RecordingOpener(LocalOpener())
    with opener.open_process(opener.key(child.pid)) as process:
        ask(process, child)
    assert opener.recording is not None
    fixturefile.write(opener.recording, {}, tmp_path / "fixture")


def _recorded(ask: Ask, child: Child, tmp_path: Path) -> None:
    _recorder(ask, child, tmp_path)
    opener = RecordedOpener(fixturefile.read(tmp_path / "fixture"))
    with opener.open_process(opener.key(child.pid)) as process:
        ask(process, child)
