"""One suite over all probes: each test is run on a started scan probe and a started eBPF probe."""

from __future__ import annotations

import os
import select
import time
from typing import TYPE_CHECKING, Protocol

import pytest

from probes.choose import PROBES
from probes.ebpf import EbpfProbe
from probes.scan import ScanProbe
from tests.harness.skips import need

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from probes.event import Event
    from probes.probe import Probe

# The scan looks each tenth of a second here, so that a test need not wait for seconds.
SCAN_SECONDS = 0.1
WAIT_SECONDS = 30
AT_ONCE = 1000
MAKERS: dict[str, Callable[[], Probe]] = {
    "scan": lambda: ScanProbe(SCAN_SECONDS),
    "ebpf": EbpfProbe,
}
assert MAKERS.keys() == PROBES.keys(), "the suite is run on every probe"


class Wait(Protocol):
    """Wait for an event that the condition holds for, among those of one process of ours."""

    def __call__(self, pid: int, holds: Callable[[Event], bool]) -> Event:
        """Return it. Fails after a while."""


@pytest.fixture(params=[pytest.param("ebpf", marks=pytest.mark.root), "scan"])
def make(request: pytest.FixtureRequest) -> Callable[[], Probe]:
    """Return what makes a probe."""
    need(request.param != "ebpf" or os.geteuid() == 0, "bpf(2) is root's", "root")
    return MAKERS[request.param]


@pytest.fixture
def probe(make: Callable[[], Probe]) -> Iterator[Probe]:
    """Return a started probe; it is closed after the test."""
    probe = make()
    probe.start()
    yield probe
    probe.close()


@pytest.fixture
def wait(probe: Probe) -> Wait:
    """Return how to wait for an event of one process. All others are dropped unseen."""

    def wait_for(pid: int, holds: Callable[[Event], bool]) -> Event:
        found: list[Event] = []

        def hear(event: Event) -> None:
            if event.pid == pid and holds(event):
                found.append(event)

        deadline = time.monotonic() + WAIT_SECONDS
        while not found and time.monotonic() < deadline:
            select.select([probe.fileno()], [], [], 1)
            probe.drain(hear, AT_ONCE)
        assert found, "no such event came"
        return found[0]

    return wait_for
