"""What looking at a Node.js process costs: medians beside goals; asserted is what is read."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import Look, look, look_until_done
from sensor.model.budget import Budget
from sensor.resolvers.node import NODE
from tests.support.measure import median
from tests.support.nodes import flags, target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.host.localprocess import LocalProcess
    from sensor.model.process import ProcessKey
    from tests.harness.fixtures import Toolbox
    from tests.support.nodes import Target

pytestmark = [pytest.mark.bench, pytest.mark.runtimes]
VERSION = "24"
# A second look that finds nothing new: two small reads for each isolate and cache, and what opening
# a process takes.
CALLS_AGAIN, BYTES_AGAIN = 60, 200_000
# The heap is read once for the dictionaries; what is found in it, and malloc's memory, is less.
PASSES = 1.5
BIG_MEGABYTES = 1_600


@pytest.fixture
def process(toolbox: Toolbox, tmp_path: Path) -> Iterator[Target]:
    node = toolbox.path(f"node-{VERSION}") / "bin" / "node"
    with target([str(node), "--max-old-space-size=4000", *flags(VERSION)], tmp_path) as started:
        yield started


def test_times(process: Target) -> None:
    process.tell("hold 40")
    opener = LocalOpener()
    key = opener.key(process.pid)
    warm = FileCache()

    def first(cache: FileCache) -> Look:
        return look_until_done(opener, key, (NODE,), cache)

    done = first(warm)
    assert done.findings["node"].gaps == ()
    what = "Node.js server"
    median(f"{what}, first look", 300, lambda: first(FileCache()))
    median(f"{what}, second process", 100, lambda: first(warm))
    settled = look(opener, key, (NODE,), warm, done.memos).memos
    median(f"{what}, looked at again", 1, lambda: look(opener, key, (NODE,), warm, settled))


def test_what_a_second_look_reads(process: Target) -> None:
    opener = LocalOpener()
    key = opener.key(process.pid)
    cache = FileCache()
    done = look_until_done(opener, key, (NODE,), cache)
    with opener.open_process(key) as opened:
        finding = NODE.resolve(opened, Budget(opened.meter), cache, done.memos.by_resolver["node"])
        assert finding.packages == done.findings["node"].packages
        assert opened.meter.calls < CALLS_AGAIN
        assert opened.meter.bytes < BYTES_AGAIN


def test_a_heap_of_a_gigabyte_is_read_once_in_slices(process: Target) -> None:
    process.tell(f"hold {BIG_MEGABYTES}")
    opener = LocalOpener()
    key = opener.key(process.pid)
    cache = FileCache()
    resident = _resident(process.pid)
    slices: list[float] = []
    begin = [time.process_time()]

    def between() -> None:
        slices.append(time.process_time() - begin[0])
        begin[0] = time.process_time()

    counting = _Counting()
    found = look_until_done(counting, key, (NODE,), cache, between)
    assert found.findings["node"].gaps == ()
    assert len(slices) > 1
    assert counting.bytes < PASSES * resident
    sys.stdout.write(
        f"\nheap of {resident / 1e6:.0f} MB: {sum(slices):.2f} s CPU (goal 2 s) in {len(slices)} "
        f"slices, the longest {max(slices) * 1e3:.0f} ms (goal 250 ms)\n"
    )


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


class _Counting(LocalOpener):
    """Adds up what is read of all processes that it has opened."""

    def __init__(self) -> None:
        super().__init__()
        self._opened: list[LocalProcess] = []

    @property
    def bytes(self) -> int:
        return sum(process.meter.bytes for process in self._opened)

    def open_process(self, key: ProcessKey) -> LocalProcess:
        process = super().open_process(key)
        self._opened.append(process)
        return process
