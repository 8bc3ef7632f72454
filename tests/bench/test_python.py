"""What looking at a Python process costs: medians beside goals; asserted is what is read."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import pytest

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import Look, look, look_until_done
from sensor.model.budget import Budget
from sensor.resolvers.python import PYTHON
from sensor.resolvers.python.locate import Place, locate
from sensor.resolvers.python.walk import token, walk
from tests.support.measure import median
from tests.support.pythons import target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness.fixtures import Toolbox
    from tests.support.pythons import Target

pytestmark = [pytest.mark.bench, pytest.mark.runtimes]
APPLICATION = ("flask", "requests", "yaml", "gunicorn.app.wsgiapp", "asyncio")
# 500 modules were read with 3.4 calls each, a page at a time; room for another layout of the heap.
CALLS_PER_MODULE = 6
# A second look that finds nothing new: seven small reads in as many pages, and the page map.
CALLS_AGAIN = 30
MANY = 11_000


@pytest.fixture
def application(toolbox: Toolbox) -> Iterator[Target]:
    python = toolbox.path("python-apps") / "bin" / "python"
    with target((str(python),), "truth.py", *APPLICATION) as process:
        yield process


def test_times(application: Target) -> None:
    opener = LocalOpener()
    key = opener.key(application.pid)
    warm = FileCache()

    def first(cache: FileCache) -> Look:
        return look_until_done(opener, key, (PYTHON,), cache)

    done = first(warm)
    what = f"Python application of {len(application.truth)} modules"
    median(f"{what}, first look", 80, lambda: first(FileCache()))
    median(f"{what}, second process", 60, lambda: first(warm))
    median(f"{what}, looked at again", 1, lambda: look(opener, key, (PYTHON,), warm, done.memos))


def test_what_a_first_and_a_second_look_read(application: Target) -> None:
    opener = LocalOpener()
    cache = FileCache()
    with opener.open_process(opener.key(application.pid)) as process:
        budget = Budget(process.meter, seconds=60)
        place = locate(process, budget, cache)
        assert isinstance(place, Place)
        opened = process.meter.calls
        walk(process, budget, place)
        assert process.meter.calls - opened < CALLS_PER_MODULE * len(application.truth)
    with opener.open_process(opener.key(application.pid)) as process:
        before = process.meter.calls
        assert token(process, place) is not None
        assert process.meter.calls - before < CALLS_AGAIN


def test_the_file_of_the_interpreter_is_read_once(application: Target) -> None:
    opener = LocalOpener()
    cache = FileCache()
    read = []
    for _ in range(2):
        with opener.open_process(opener.key(application.pid)) as process:
            found = locate(process, Budget(process.meter, seconds=60), cache)
            assert isinstance(found, Place)
            read.append(process.meter.bytes)
    # The first reads the file's header, hash tables and symbols; the second only memory.
    assert read[1] < read[0]


def test_eleven_thousand_modules_are_read_in_slices(toolbox: Toolbox) -> None:
    python = toolbox.python("3.11").argv
    with target(python, "many.py", str(MANY)) as process:
        opener = LocalOpener()
        slices: list[float] = []
        begin = [time.process_time()]

        def between() -> None:
            slices.append(time.process_time() - begin[0])
            begin[0] = time.process_time()

        key = opener.key(process.pid)
        found = look_until_done(opener, key, (PYTHON,), FileCache(), between)
    coverage = found.findings["python"].coverage
    assert coverage
    assert coverage.complete
    assert len(slices) > 1
    sys.stdout.write(
        f"\n{MANY} modules: {sum(slices) * 1e3:.0f} ms CPU in {len(slices)} slices, "
        f"the longest {max(slices) * 1e3:.0f} ms (goal 250 ms)\n"
    )
