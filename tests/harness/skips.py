"""The skip policy: a skip says what would provide the thing; with REQUIRE=all it is a failure.

Not a failure even then: what an archive no longer serves (gone), and heavy tests that the clock of
CI does not start any more (late, `clock.py`).
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from _pytest.outcomes import Skipped

if TYPE_CHECKING:
    from collections.abc import Generator

SKIPS = pytest.StashKey[Counter[str]]()


class Gone(Skipped):
    """An archive no longer serves what the test needs."""


class Late(Skipped):
    """The clock of CI starts no further heavy test."""


def need(condition: object, reason: str, provided_by: str) -> None:
    """Skip the running test unless the condition holds; say what would provide it.

    `provided_by` is something to type (a make target, a package, "root").
    """
    if not condition:
        pytest.skip(f"{reason}; provided by: {provided_by}")


def required() -> bool:
    """Return whether a skip counts as a failure in this run."""
    return os.environ.get("REQUIRE") == "all"


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SKIPS] = Counter()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if not report.skipped or hasattr(report, "wasxfail") or call.excinfo is None:
        return report
    if isinstance(call.excinfo.value, Gone | Late):
        word = type(call.excinfo.value).__name__.lower()
        item.config.stash[SKIPS][f"{word}: {call.excinfo.value.msg}"] += 1
    elif required():
        fail_skip(report, item.nodeid)
    else:
        item.config.stash[SKIPS][str(call.excinfo.value.msg)] += 1  # type: ignore[attr-defined]
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.skipped and required():
        fail_skip(report, collector.nodeid)
    return report


def fail_skip(report: pytest.TestReport | pytest.CollectReport, where: str) -> None:
    """Turn the report of a skip into one of a failure."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"REQUIRE=all and {where} was skipped: {reason}"


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    skips = config.stash[SKIPS]
    if not skips:
        return
    terminalreporter.section("not run, and what provides it")
    for reason, count in sorted(skips.items()):
        terminalreporter.write_line(f"{count:4d}  {reason}")
