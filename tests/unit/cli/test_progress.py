"""Progress: silent at first, rare, gone at the end."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import TYPE_CHECKING

from sensor.cli.progress import EVERY_SECONDS, PATIENCE_SECONDS, WIPE, Progress

if TYPE_CHECKING:
    import pytest


class Clock:
    """A clock that a test turns."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def run(seconds_each: float, count: int) -> list[str]:
    """What is written while so many processes take so long each."""
    written: list[str] = []
    clock = Clock()
    with Progress(count, written.append, clock) as progress:
        for _ in progress.over(range(1, count + 1)):
            clock.now += seconds_each
    return written


def test_a_short_scan_shows_nothing() -> None:
    assert run(PATIENCE_SECONDS / 10, 9) == []


def test_a_long_scan_is_counted_and_wiped_away() -> None:
    assert run(PATIENCE_SECONDS, 3) == [
        f"{WIPE}reading process 2: 1 of 3 done",
        f"{WIPE}reading process 3: 2 of 3 done",
        WIPE,
    ]


def test_it_is_not_written_more_often_than_can_be_read() -> None:
    lines = run(EVERY_SECONDS / 10, 1000)
    assert 80 < len(lines) <= (1000 * EVERY_SECONDS / 10 - PATIENCE_SECONDS) / EVERY_SECONDS + 2


def test_it_is_wiped_away_after_an_error_too() -> None:
    written: list[str] = []
    clock = Clock()
    progress = Progress(2, written.append, clock)
    with suppress(KeyboardInterrupt), progress:
        clock.now += 2 * PATIENCE_SECONDS
        progress.tick()
        raise KeyboardInterrupt
    assert written[1:] == [WIPE]


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_on_a_terminal_it_is_written_to_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    clock = Clock()
    with Progress(7, clock=clock) as progress:
        clock.now += 10 * PATIENCE_SECONDS
        progress.tick()
    assert terminal.getvalue() == f"{WIPE}reading process 0: 0 of 7 done{WIPE}"


def test_without_a_terminal_it_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with Progress(1, clock=clock) as progress:
        clock.now += 10 * PATIENCE_SECONDS
        progress.tick()
    assert capsys.readouterr() == ("", "")
