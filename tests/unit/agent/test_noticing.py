"""The best probe and the sweep beside it: choice, losses, a probe that breaks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from probes.choose import Choice
from probes.errors import NoProbe as NoneRuns
from probes.errors import NotPermitted, ProbeError
from probes.event import Event, Kind
from probes.probe import Missing
from probes.scan import ScanProbe
from sensor.agent import noticing as module
from sensor.agent.looks import Source
from sensor.agent.noticing import MAX_EVENTS, NoProbe, Noticing, Periods

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from probes.probe import Probe

PERIODS = Periods(scan=60.0, sweep=60.0)


class Kernel:
    """A probe of the kernel that the test plays."""

    name = "ebpf"

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.losses = 0
        self.closed = 0
        self.error: Exception | None = None
        self._read, self._write = os.pipe()

    def check(self) -> Missing | None:
        return None

    def start(self) -> None:
        """Started by `choose`."""

    def fileno(self) -> int:
        return self._read

    def drain(self, handle: Callable[[Event], None], limit: int) -> int:
        if self.error:
            raise self.error
        taken, self.events = self.events[:limit], self.events[limit:]
        for event in taken:
            handle(event)
        return len(taken)

    def lost(self) -> int:
        return self.losses

    def close(self) -> None:
        if not self.closed:
            os.close(self._read)
            os.close(self._write)
        self.closed += 1


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    """`choose` finds this one; the sweep sees only what the test puts in."""
    one = Kernel()
    monkeypatch.setattr(module, "choose", lambda _names, _makers: Choice(one, ()))
    monkeypatch.setattr(ScanProbe, "_processes", lambda _self: {})
    yield one
    one.close()


def drained(noticing: Noticing) -> list[tuple[int | None, Source]]:
    heard: list[tuple[int | None, Source]] = []
    noticing.drain(lambda event, source: heard.append((event.pid, source)))
    return heard


def count_looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    looks: list[int] = []
    monkeypatch.setattr(ScanProbe, "look", lambda _self: looks.append(1))
    return looks


def test_events_say_where_they_come_from(kernel: Kernel) -> None:
    noticing = Noticing("auto", PERIODS)
    noticing.start()
    kernel.events = [Event(Kind.EXEC, 5, 50)]
    assert drained(noticing) == [(5, Source.KERNEL)]
    assert noticing.reason == "ebpf"
    assert len(list(noticing.descriptors())) == 2
    noticing.close()
    assert kernel.closed


def test_more_than_one_turn_can_take_is_known(kernel: Kernel) -> None:
    noticing = Noticing("auto", PERIODS)
    noticing.start()
    kernel.events = [Event(Kind.EXEC, 5, 50)] * (MAX_EVENTS + 1)
    turns = [(len(drained(noticing)), noticing.more) for _ in range(2)]
    assert turns == [(MAX_EVENTS, True), (1, False)]
    noticing.close()


def test_what_was_lost_is_looked_for(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    noticing = Noticing("auto", PERIODS)
    noticing.start()
    looks = count_looks(monkeypatch)
    drained(noticing)
    before = noticing.lost
    assert (before, len(looks)) == (0, 0)
    kernel.losses = 7
    drained(noticing)
    drained(noticing)
    assert noticing.lost - before == 7
    assert len(looks) == 1
    noticing.close()


@pytest.mark.parametrize("error", [ProbeError("broken"), OSError(5, "I/O error")])
def test_a_probe_that_breaks_leaves_the_sweep(kernel: Kernel, error: Exception) -> None:
    noticing = Noticing("auto", PERIODS)
    noticing.start()
    kernel.error = error
    assert drained(noticing) == []
    assert noticing.reason == "ebpf broke; the sweep goes on"
    assert kernel.closed
    assert len(list(noticing.descriptors())) == 1
    noticing.close()


def test_the_scan_alone_is_no_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = (Missing("ebpf: no right", "give it"),)

    def choose(names: Sequence[str], makers: dict[str, Callable[[], Probe]]) -> Choice:
        assert list(names) == ["ebpf", "scan"]
        probe = makers["scan"]()
        probe.start()
        return Choice(probe, refused)

    monkeypatch.setattr(module, "choose", choose)
    noticing = Noticing("auto", PERIODS)
    noticing.start()
    sources = {source for _, source in drained(noticing)}
    assert sources == {Source.SCAN}
    assert noticing.reason == "scan; no ebpf: no right"
    looks = count_looks(monkeypatch)
    noticing.look()
    assert looks == [1]
    noticing.close()


def test_a_probe_that_was_asked_for_and_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def choose(_names: Sequence[str], _makers: object) -> Choice:
        raise NoneRuns("no probe runs here: ebpf") from NotPermitted("no")

    monkeypatch.setattr(module, "choose", choose)
    with pytest.raises(NoProbe, match="no probe runs here") as caught:
        Noticing("ebpf", PERIODS).start()
    assert caught.value.exit_code == 4
