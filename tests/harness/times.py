"""How long each part of the tests took: one line for each top folder, at the end of a run."""

from __future__ import annotations

from collections import defaultdict

import pytest

SECONDS = pytest.StashKey[dict[str, float]]()


class Times:
    """Adds up set-up, call and tear-down of every test, by the first folders of its path."""

    def __init__(self, config: pytest.Config) -> None:
        """Keep the sums in the stash of this run."""
        self.seconds: defaultdict[str, float] = defaultdict(float)
        config.stash[SECONDS] = self.seconds

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[part_of(report.nodeid)] += report.duration


def part_of(nodeid: str) -> str:
    """Return `live/python` for `tests/live/python/test_x.py::test`, `unit` for a unit test."""
    folders = nodeid.split("::", maxsplit=1)[0].split("/")[:-1]
    below = folders[1:] if folders[:1] == ["tests"] else folders
    return "/".join(below[: 2 if below[:1] == ["live"] else 1]) or "."


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Times(config), "times-per-part")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    terminalreporter.section("minutes per part")
    for part, seconds in sorted(config.stash[SECONDS].items(), key=lambda row: -row[1]):
        terminalreporter.write_line(f"{seconds / 60:6.2f}  {part}")
