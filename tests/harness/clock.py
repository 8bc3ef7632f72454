"""The clock of CI: late in a run no further heavy test is started, and the next run begins with it.

`.ci/run` says when it began (CI_STARTED, seconds since the epoch). Without it there is no clock.
"""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest

from tests.fetch.component import default_root
from tests.harness.skips import Late

if TYPE_CHECKING:
    from pathlib import Path

STARTED_VARIABLE = "CI_STARTED"
# CI is killed at 90 minutes: a heavy test that starts before this still ends before that.
LATE_AFTER_SECONDS = 70 * 60

LATE = pytest.StashKey[set[str]]()
RAN = pytest.StashKey[set[str]]()


def memory() -> Path:
    """Return the file that remembers, beside the toolbox, which tests were late."""
    return default_root() / "late.json"


def remembered() -> set[str]:
    """Return the node ids of the tests that earlier runs did not start."""
    return set(json.loads(memory().read_text())) if memory().exists() else set()


def overdue() -> bool:
    """Return whether this run has gone on for so long that nothing heavy may start."""
    started = os.environ.get(STARTED_VARIABLE)
    return bool(started) and time.time() - float(started or 0) > LATE_AFTER_SECONDS


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LATE] = set()
    config.stash[RAN] = set()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Last, so that the random order of the others stays as pytest-randomly made it.
    late = remembered()
    items.sort(key=lambda item: item.nodeid not in late)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("heavy") and overdue():
        item.config.stash[LATE].add(item.nodeid)
        raise Late(f"{item.nodeid} comes first in the next run")
    item.config.stash[RAN].add(item.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    ran, late = session.config.stash[RAN], session.config.stash[LATE]
    still = (remembered() - ran) | late
    if still or memory().exists():
        memory().parent.mkdir(parents=True, exist_ok=True)
        memory().write_text(json.dumps(sorted(still)) + "\n")
