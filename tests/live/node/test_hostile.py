"""A program that takes itself for Node.js and lies: bounds hold, and nothing becomes a fact."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look, look_until_done
from sensor.resolvers.node import NODE
from sensor.resolvers.node.reasons import (
    CACHE_TORN,
    ISOLATE_UNKNOWN,
    NAME_UNREADABLE,
    NO_SYMBOLS,
    TOO_MANY_CACHES,
    UNSUPPORTED,
)
from tests.harness.skips import need
from tests.support.nodes import modules, once
from tests.support.speaking import saying

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

SOURCE = Path(__file__).with_name("programs") / "forged.c"
REAL = "/srv/node_modules/real/index.js"
ESCAPE = "/srv/../etc/passwd"
# What the largest lie, 10,000 tables to look at, needs at 200 ms a slice: 2 s on a quiet machine.
MAX_SLICES = 60


def build(folder: Path, *options: str) -> Path:
    need(shutil.which("gcc"), "gcc is missing", "make toolbox ARGS=build-tools")
    program = folder / "node"
    command = ["gcc", "-O1", "-Wall", "-Werror", *options, "-o", str(program), str(SOURCE)]
    subprocess.run(command, check=True)
    return program


@pytest.fixture(scope="module")
def forged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("forged"), "-rdynamic")


def lying(program: Path, lie: str) -> AbstractContextManager[int]:
    return saying("ready", [program, lie])


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


def test_a_stripped_program_still_states_its_constants(tmp_path: Path) -> None:
    with lying(build(tmp_path, "-rdynamic", "-s"), "none") as pid:
        assert modules(pid).gaps == []


@pytest.mark.parametrize(
    ("options", "gap"),
    [
        (("-s",), (NO_SYMBOLS, "")),
        (("-rdynamic", "-DTAGGED=4"), (UNSUPPORTED, "V8 with compressed pointers")),
    ],
)
def test_a_program_that_is_not_read_is_told_and_not_opened_again(
    tmp_path: Path, options: tuple[str, ...], gap: tuple[str, str]
) -> None:
    opener, cache = LocalOpener(), FileCache()
    with lying(build(tmp_path, *options), "none") as pid:
        first = look(opener, opener.key(pid), (NODE,), cache)
        misses = sum(each.misses for each in cache.statistics.values())
        again = look(opener, opener.key(pid), (NODE,), cache, first.memos)
    assert [(each.reason, each.detail) for each in first.findings["node"].gaps] == [gap]
    assert again.findings == first.findings
    assert sum(each.misses + each.hits for each in cache.statistics.values()) == misses


def test_another_program_is_not_ours_and_not_opened_again(tmp_path: Path) -> None:
    """Large programs are asked for V8's symbols once."""
    program = build(tmp_path, "-s").rename(tmp_path / "large")
    opener, cache = LocalOpener(), FileCache()
    anyone = replace(NODE, detects=lambda _: True)
    with lying(program, "none") as pid:
        first = look(opener, opener.key(pid), (anyone,), cache)
        again = look(opener, opener.key(pid), (anyone,), cache, first.memos)
    assert first.findings == again.findings == {}
    assert sum(each.misses + each.hits for each in cache.statistics.values()) == 1


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
