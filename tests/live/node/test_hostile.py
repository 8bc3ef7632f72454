"""A program that takes itself for Node.js and lies: bounds hold, and nothing becomes a fact."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look_until_done
from sensor.resolvers.node import NODE
from sensor.resolvers.node.reasons import (
    CACHE_TORN,
    ISOLATE_UNKNOWN,
    NAME_UNREADABLE,
    TOO_MANY_CACHES,
)
from tests.harness.skips import need
from tests.support.nodes import modules, once

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).with_name("programs") / "forged.c"
REAL = "/srv/node_modules/real/index.js"
ESCAPE = "/srv/../etc/passwd"
# What the largest lie, 10,000 tables to look at, needs at 200 ms a slice: 2 s on a quiet machine.
MAX_SLICES = 60


@pytest.fixture(scope="module")
def forged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need(shutil.which("gcc"), "gcc is missing", "make toolbox ARGS=build-tools")
    program = tmp_path_factory.mktemp("forged") / "node"
    subprocess.run(
        ["gcc", "-O1", "-Wall", "-Werror", "-rdynamic", "-o", program, SOURCE], check=True
    )
    return program


@contextmanager
def lying(program: Path, lie: str) -> Iterator[int]:
    with subprocess.Popen([program, lie], stdout=subprocess.PIPE, text=True) as popen:
        try:
            assert popen.stdout
            assert popen.stdout.readline() == "ready\n"
            yield popen.pid
        finally:
            popen.kill()


def test_without_a_lie_it_is_read(forged: Path) -> None:
    with lying(forged, "none") as pid:
        told = modules(pid)
    assert [module.path for module in told.modules] == [ESCAPE, REAL]
    assert told.gaps == []


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        ("loop", NAME_UNREADABLE),
        ("deep", NAME_UNREADABLE),
        ("wide", NAME_UNREADABLE),
        ("huge", ISOLATE_UNKNOWN),
        ("flood", TOO_MANY_CACHES),
    ],
)
def test_what_is_a_lie_is_a_gap(forged: Path, lie: str, reason: str) -> None:
    slices = [0]
    with lying(forged, lie) as pid:
        opener = LocalOpener()

        def between() -> None:
            slices[0] += 1

        found = look_until_done(opener, opener.key(pid), (NODE,), FileCache(), between)
    finding = found.findings["node"]
    assert finding.packages == ()
    assert reason in {gap.reason for gap in finding.gaps}
    assert finding.coverage is not None
    assert not finding.coverage.complete
    assert slices[0] < MAX_SLICES


def test_very_many_modules_are_all_told(forged: Path) -> None:
    with lying(forged, "many") as pid:
        told = modules(pid)
    assert len(told.modules) == (1 << 15) - 2
    assert told.gaps == []


def test_words_that_change_all_the_time_are_no_facts(forged: Path) -> None:
    """Its table is rewritten without pause: a reading that holds twice is the only one told."""
    honest = {REAL, ESCAPE}
    with lying(forged, "restless") as pid:
        for _ in range(10):
            told = once(pid, FileCache())
            assert {module.path for module in told.modules} <= honest
            assert {reason for reason, _ in told.gaps} <= {CACHE_TORN, NAME_UNREADABLE}
