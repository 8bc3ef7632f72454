"""What changes after a first look: later loads, deletions, failed ES modules, workers that end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look, look_until_done
from sensor.resolvers.node import NODE
from sensor.resolvers.node.reasons import ESM_FAILED, ESM_IDLE
from sensor.resolvers.node.words import CJS, ESM
from tests.support.nodes import flags, found, modules, purls, target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sensor.model.finding import Finding
    from tests.harness.fixtures import Toolbox
    from tests.support.nodes import Target

pytestmark = pytest.mark.runtimes
# The oldest with threads, one with a read-only heap for each isolate, and the newest.
VERSIONS = ("12", "14", "26")


@pytest.fixture(params=VERSIONS)
def process(request: pytest.FixtureRequest, toolbox: Toolbox, tmp_path: Path) -> Iterator[Target]:
    version = request.param
    node = toolbox.path(f"node-{version}") / "bin" / "node"
    with target([str(node), *flags(version)], tmp_path) as started:
        yield started


class Watcher:
    """Looks at one process again and again, as the agent does."""

    def __init__(self, pid: int) -> None:
        self._opener = LocalOpener()
        self._key = self._opener.key(pid)
        self._cache = FileCache()
        self._last = look_until_done(self._opener, self._key, (NODE,), self._cache)

    @property
    def finding(self) -> Finding:
        return self._last.findings["node"]

    def again(self) -> int:
        """Look until nothing is left to do; return in how many slices."""
        for number in range(1, 50):
            memos = self._last.memos
            self._last = look(self._opener, self._key, (NODE,), self._cache, memos)
            if not self._last.more:
                return number
        raise AssertionError("it does not end")


def settled(finding: Finding) -> Finding:
    """The finding as it is whatever mappings V8 has added or given back meanwhile."""
    memo: Any = finding.memo
    return replace(finding, memo={**memo, "again": {**memo["again"], "digest": 0}})


def test_what_is_loaded_later_is_seen_and_nothing_else_is_read_again(process: Target) -> None:
    watcher = Watcher(process.pid)
    before = watcher.finding
    assert watcher.again() == 1
    assert settled(watcher.finding) == settled(before)
    process.tell("require extra")
    watcher.again()
    assert purls(watcher.finding) == purls(before) | {"pkg:npm/extra@4.0.0"}
    process.tell(f"import {process.folder}/one.mjs")
    watcher.again()
    assert purls(watcher.finding) - purls(before) == {"pkg:npm/extra@4.0.0", "pkg:npm/esm@6.0.0"}
    assert watcher.finding.coverage is not None
    assert watcher.finding.coverage.complete


def test_a_file_without_code_that_is_loaded_later_is_seen(process: Target) -> None:
    watcher = Watcher(process.pid)
    process.tell("require ./late.json")
    watcher.again()
    assert {m.path for m in modules(process.pid).modules} == process.cjs
    assert f"{process.folder}/late.json" in process.cjs


def test_what_left_the_cache_is_not_told_any_more(process: Target) -> None:
    watcher = Watcher(process.pid)
    assert "pkg:npm/left@1.0.0" in purls(watcher.finding)
    process.tell("forget left/index.js")
    process.tell("forget left/sub.js")
    watcher.again()
    assert "pkg:npm/left@1.0.0" not in purls(watcher.finding)
    assert {m.path for m in modules(process.pid).modules} == process.cjs


def test_after_collections_of_garbage(process: Target) -> None:
    watcher = Watcher(process.pid)
    process.tell(f"import {process.folder}/one.mjs")
    process.tell("hold 20")
    for _ in range(5):
        process.tell("gc")
        watcher.again()
    told = modules(process.pid)
    assert {m.path for m in told.modules if m.kind == CJS} == process.cjs
    assert {m.path for m in told.modules if m.kind == ESM} == process.esm
    assert watcher.finding == found(process.pid) or watcher.finding.gaps == ()


def test_es_modules_that_fail_are_no_facts(process: Target) -> None:
    process.tell(f"import {process.folder}/broken.mjs")
    process.tell(f"import {process.folder}/throws.mjs")
    process.tell(f"import {process.folder}/unlinked.mjs")
    told = modules(process.pid)
    esm = {m.path.rpartition("/")[2] for m in told.modules if m.kind == ESM}
    assert not esm & {"broken.mjs", "throws.mjs", "unlinked.mjs"}
    assert {reason for reason, _ in told.gaps} <= {ESM_FAILED, ESM_IDLE}
    assert (ESM_FAILED, f"file://{process.folder}/throws.mjs") in told.gaps


def test_workers_and_their_end(process: Target) -> None:
    watcher = Watcher(process.pid)
    process.tell(f"work {process.folder}/worker.js")
    process.tell(f"work {process.folder}/worker.js")
    watcher.again()
    told = modules(process.pid)
    workers = {path for said in process.said["workers"] for path in said["cjs"]}
    assert told.gaps == []
    assert {m.path for m in told.modules} == process.cjs | workers
    assert {m.path for m in told.modules if m.worker} == workers - process.cjs
    assert told.isolates == 3
    assert "pkg:npm/extra@4.0.0" in purls(watcher.finding)
    process.tell("end")
    watcher.again()
    assert "pkg:npm/extra@4.0.0" not in purls(watcher.finding)
    told = modules(process.pid)
    assert {m.path for m in told.modules} == process.cjs
    assert watcher.finding.gaps == ()
