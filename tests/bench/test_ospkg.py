"""What OS packages cost: medians beside their goals; asserted is only what repeats itself."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sensor.formats.dpkg import INFO, STATUS
from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look, look_until_done
from sensor.model.budget import Budget
from sensor.resolvers.ospkg import OSPKG
from tests.harness.skips import need
from tests.live.ospkg.boxes import BASH, running
from tests.support.measure import median

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.model.finding import Plain

    Cost = tuple[int, int]

pytestmark = [pytest.mark.bench]


@pytest.fixture
def pid() -> Iterator[int]:
    need(shutil.which("dpkg-query"), "no dpkg here", "a Debian machine")
    with running(BASH) as pid:
        yield pid


def test_the_largest_database_that_is_here(pid: int) -> None:
    opener, warm = LocalOpener(), FileCache()
    key = opener.key(pid)
    first = look_until_done(opener, key, (OSPKG,), warm)
    assert first.findings["os"].packages
    median(
        "first look at an image", 150, lambda: look_until_done(opener, key, (OSPKG,), FileCache())
    )
    median("second process of it", 5, lambda: look(opener, key, (OSPKG,), warm))
    median("looked at again", 1, lambda: look(opener, key, (OSPKG,), warm, first.memos))
    sys.stdout.write(f"{warm.bytes} bytes in the cache\n")
    assert warm.bytes < 200_000


def test_what_is_read_of_it(pid: int) -> None:
    opener, cache = LocalOpener(), FileCache()
    first, memo = cost(opener, pid, cache, None)
    second, _ = cost(opener, pid, cache, None)
    again, _ = cost(opener, pid, cache, memo)
    lists = [path.stat().st_size for path in Path(INFO).glob("*.list")]
    known = sum(lists) + Path(STATUS).stat().st_size
    # Each list once, and the names of the folder, twice.
    assert known < first[0] < known * 1.1 + 1_000_000
    assert first[1] < 10 * len(lists) + 500
    # Four files are looked up, their root's links, the database's own identity: nothing is read.
    assert second[0] == 0
    assert second[1] < 100
    assert again == (0, 0)


def cost(opener: LocalOpener, pid: int, cache: FileCache, memo: Plain) -> tuple[Cost, Plain]:
    """Bytes and calls of one look, and its memo."""
    with opener.open_process(opener.key(pid)) as process:
        process.maps()
        size, calls = process.meter.bytes, process.meter.calls
        found = OSPKG.resolve(process, Budget(process.meter, seconds=60), cache, memo)
        assert not found.more
        return (process.meter.bytes - size, process.meter.calls - calls), found.memo
