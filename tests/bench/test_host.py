"""What the host costs: medians beside their goals; asserted is only what repeats itself."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from sensor.host.local import LocalOpener
from sensor.host.pagemap import PAGE
from tests.support.child import Child, started
from tests.support.measure import median

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.host.seam import Process
    from sensor.model.process import Mapping

pytestmark = pytest.mark.bench
READS = 500


@pytest.fixture
def child() -> Iterator[Child]:
    """Return a running child with 64 MiB of memory."""
    with started() as running:
        running.grow()
        yield running


@pytest.fixture
def process(child: Child) -> Iterator[Process]:
    """Return the child, opened."""
    opener = LocalOpener()
    with opener.open_process(opener.key(child.pid)) as opened:
        yield opened


def largest(process: Process) -> Mapping:
    """Return the memory that `grow` made."""
    return max((m for m in process.maps() if m.perms == "rw-p"), key=lambda m: m.size)


def test_scattered_reads(process: Process) -> None:
    heap = largest(process)
    chosen = random.Random(4)  # noqa: S311 - the same places each time
    ranges = [
        (heap.start + PAGE + chosen.randrange((64 << 20) - 2 * PAGE), 64) for _ in range(READS)
    ]
    process.read(ranges)
    pages = {at // PAGE for start, _ in ranges for at in (start, start + 63)}
    before = process.meter.calls, process.meter.bytes
    process.read(ranges, fresh=True)
    assert process.meter.calls - before[0] <= 2 * len(pages)
    assert process.meter.bytes - before[1] <= len(pages) * PAGE + heap.size // PAGE * 8
    median(f"{READS} scattered reads", 3, lambda: process.read(ranges, fresh=True))
    calls = process.meter.calls
    median(f"{READS} reads of cached pages", 1, lambda: process.read(ranges))
    assert process.meter.calls == calls


def test_opening_a_process(child: Child) -> None:
    opener = LocalOpener()

    def run() -> int:
        with opener.open_process(opener.key(child.pid)) as process:
            process.verify()
            return process.meter.calls

    # stat, maps and its check, thrice for open, verify and verify; memory and page map.
    assert run() <= 25
    median("opening, maps and two checks", 0.5, run)


def test_files(process: Process) -> None:
    process.files.stat_many(["/"])
    calls = process.meter.calls
    process.files.open("/etc/hostname").close()
    assert process.meter.calls - calls <= 6

    def open_many() -> None:
        for _ in range(100):
            process.files.open("/etc/hostname").close()

    median("opening 100 files", 3, open_many)
    median("identities of 100 files", 2, lambda: process.files.stat_many(["/etc/hostname"] * 100))


def test_search(process: Process) -> None:
    ranges = [(m.start, m.size) for m in process.maps()]
    before = process.meter.bytes
    process.find(b"nowhere in there at all", ranges, limit=1)
    size = process.meter.bytes - before
    median(
        f"a search of {size / 1e6:.0f} MB",
        size / 1e6,
        lambda: process.find(b"nowhere in there at all", ranges, limit=1),
    )
