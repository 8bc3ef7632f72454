"""What the Java resolver costs: medians beside their goals; asserted is what repeats itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look, look_until_done
from sensor.model.budget import Budget
from sensor.resolvers.java import JAVA, classes, watch
from sensor.resolvers.java.detect import hotspot
from sensor.resolvers.java.library import opened
from sensor.resolvers.java.memory import Memory
from tests.live.java import apps
from tests.live.java.shelf import Shelf
from tests.support.measure import median

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.host.localprocess import LocalProcess
    from sensor.resolvers.java.library import Library
    from tests.harness.fixtures import Toolbox

# Looks until two in a row say the same.
ROUNDS = 10
pytestmark = [pytest.mark.bench, pytest.mark.runtimes, pytest.mark.heavy]


@pytest.fixture(scope="module")
def spark(toolbox: Toolbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A Spark application: 250 JARs, 18,000 classes, 800 class loaders."""
    toolbox.path("maven")
    shelf = Shelf(toolbox.path("java-spark"))
    with apps.started("spark", shelf, tmp_path_factory.mktemp("spark")) as pid:
        yield pid


def walk(process: LocalProcess, library: Library) -> classes.Classes:
    """All classes, in one slice of any length."""
    with Memory(process) as memory:
        state = classes.begun(memory, library)
        budget = Budget(process.meter, seconds=60, max_bytes=1 << 30, max_calls=1 << 20)
        after = classes.gone_on(memory, library, budget, state)
        assert after
        return classes.classes_of(after)


def test_a_spark_application(spark: int) -> None:
    opener = LocalOpener()
    key = opener.key(spark)
    warm = FileCache()
    first = look_until_done(opener, key, (JAVA,), warm)
    found = first.findings["java"]
    assert len(found.packages) > 50
    median("Spark, first look", 600, lambda: look_until_done(opener, key, (JAVA,), FileCache()))
    median("Spark, second process", 400, lambda: look_until_done(opener, key, (JAVA,), warm))


def test_classes_of_a_spark_application(spark: int) -> None:
    opener = LocalOpener()
    with opener.open_process(opener.key(spark)) as process, Memory(process) as memory:
        mapping = hotspot(process)
        assert mapping
        cache = FileCache()
        before = process.meter.bytes, process.meter.calls
        library = opened(process, memory, mapping, cache)
        tables = process.meter.bytes - before[0], process.meter.calls - before[1]
        found = walk(process, library)
        walked = process.meter.bytes - sum(before[:1]) - tables[0], process.meter.calls
        assert found.total > 15_000
        # 3.2 KB for each class: its own structure, and what lies around it and its name.
        assert walked[0] < found.total * 4_500
        assert walked[1] < found.total
        # The tables, and the strings that they point to.
        assert tables[0] < 400_000
        assert tables[1] < 400
        median(
            "Spark, tables of HotSpot", 20, lambda: opened(process, memory, mapping, FileCache())
        )
        median("Spark, walk over all classes", 300, lambda: walk(process, library))


def test_what_looking_again_costs(spark: int) -> None:
    opener = LocalOpener()
    with opener.open_process(opener.key(spark)) as process, Memory(process) as memory:
        mapping = hotspot(process)
        assert mapping
        library = opened(process, memory, mapping, FileCache())
        state = classes.begun(memory, library)
        before = process.meter.bytes, process.meter.calls
        watch.unchanged(memory, library, state["watch"])
        # Five counters, in one page or two.
        assert process.meter.bytes - before[0] <= 3 * 4096
        assert process.meter.calls - before[1] <= 6
        median("Spark, counters", 1, lambda: watch.unchanged(memory, library, state["watch"]))
        median("Spark, heads of all loaders", 20, lambda: watch.watch(memory, library, None))


def test_an_unchanged_process_is_looked_at_again(spark: int) -> None:
    opener, cache = LocalOpener(), FileCache()
    key = opener.key(spark)
    memos = look_until_done(opener, key, (JAVA,), cache).memos
    # Its threads still load a class now and then.
    for _ in range(ROUNDS):
        later = look_until_done(opener, key, (JAVA,), cache).memos
        settled, memos = later.by_resolver == memos.by_resolver, later
        if settled:
            break
    median("Spark, looked at again", 5, lambda: look(opener, key, (JAVA,), cache, memos))
