"""What mapping modules to distributions costs: medians beside goals; asserted is what is read."""

from __future__ import annotations

import statistics
import sys
import time
from typing import TYPE_CHECKING

import pytest

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.model.budget import Budget
from sensor.resolvers.python.distributions import join
from sensor.resolvers.python.sites import SITE
from tests.support.pythons import read, target

if TYPE_CHECKING:
    from sensor.resolvers.python.distributions import Joined
    from sensor.resolvers.python.modules import Imported
    from tests.harness.fixtures import Toolbox

pytestmark = [pytest.mark.bench, pytest.mark.runtimes]
ROUNDS = 9
APPLICATION = ("Django", "celery", "gunicorn")


class Mapping:
    """The mapping of one process, again and again."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.imported: Imported = read(pid).imported
        self.took: list[float] = []
        self.size = self.calls = 0

    def run(self, cache: FileCache) -> Joined:
        """Map once, in as many slices as it takes; each is timed."""
        opener = LocalOpener()
        with opener.open_process(opener.key(self.pid)) as process:
            size, calls = process.meter.bytes, process.meter.calls
            begin = time.process_time()
            found = join(process, self.imported, cache, Budget(process.meter))
            while found.more:
                found = join(process, self.imported, cache, Budget(process.meter))
            self.took.append((time.process_time() - begin) * 1e3)
            self.size = process.meter.bytes - size
            self.calls = process.meter.calls - calls
        return found

    def told(self, what: str, goal: float) -> None:
        """Print the median of what was run, and begin anew."""
        middle = statistics.median(self.took)
        sys.stdout.write(
            f"\n{what}: {middle:.1f} ms CPU (goal {goal:.0f} ms), "
            f"{self.size} bytes in {self.calls} calls\n"
        )
        self.took = []


def measure(mapping: Mapping, what: str, cold: float, second: float) -> FileCache:
    """Cold, then as the second process of the image; returns the warm cache."""
    for _ in range(ROUNDS):
        warm = FileCache()
        first = mapping.run(warm)
    mapping.told(f"{what}, cold", cold)
    for _ in range(ROUNDS):
        assert len(mapping.run(warm).packages) == len(first.packages)
    mapping.told(f"{what}, second process", second)
    assert mapping.size == 0
    return warm


def test_an_application(toolbox: Toolbox) -> None:
    python = str(toolbox.path("python-apps") / "bin" / "python")
    with target([python], "import_all.py", *APPLICATION) as process:
        mapping = Mapping(process.pid)
        cache = measure(mapping, f"{len(mapping.imported.modules)} modules", 30, 10)
    assert len(mapping.imported.modules) > 500
    assert mapping.calls < 300
    assert cache.statistics[SITE].puts <= 3
    assert cache.bytes < 20_000


@pytest.mark.heavy
def test_a_large_environment(toolbox: Toolbox) -> None:
    python = str(toolbox.path("python-big") / "bin" / "python")
    with target([python], "import_all.py") as process:
        mapping = Mapping(process.pid)
        cache = measure(mapping, f"{len(mapping.imported.modules)} modules", 250, 50)
    assert len(mapping.imported.modules) > 3000
    assert mapping.calls < 2500
    assert cache.bytes < 100_000
