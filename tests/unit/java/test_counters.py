"""A JVM's own count of its classes: how it is found, compared, and watched."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from sensor.errors import Malformed
from sensor.resolvers.java.counters import (
    BEGAN,
    INITIALIZED,
    LOADED,
    UNLOADED,
    VERSION,
    counters_of,
    release_of,
)
from sensor.resolvers.java.memory import Memory
from sensor.resolvers.java.reasons import Reason
from sensor.resolvers.java.watch import unchanged, watch
from tests.support.metaspace import BASE, LAYOUT, Metaspace
from tests.unit.formats.java.test_hsperf import data
from tests.unit.java.test_walk import read

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensor.host.seam import Process


def counting(space: Metaspace, *numbers: int, names: tuple[str, ...] = ()) -> int:
    """Give a JVM counters of its classes; where they are."""
    named = names or (*LOADED, *UNLOADED, INITIALIZED)
    raw = data(*zip(named, numbers, strict=False), (VERSION, "17.0.15"))
    address = space.new(len(raw))
    space.put(address, raw)
    space.write(BASE + LAYOUT.perf_start_at, "Q", address)
    return address


def filled() -> Metaspace:
    space = Metaspace()
    space.loader(f"java/lang/C{number}" for number in range(100))
    return space


def memory_of(space: Metaspace) -> Memory:
    return Memory(cast("Process", space))


def test_when_the_jvm_began() -> None:
    space = filled()
    counting(space, 100, 0, 0, 0, 1_790_000_000_123, names=(*LOADED, *UNLOADED, BEGAN))
    assert read(space).machine.began == 1_790_000_000_123


@pytest.mark.parametrize("loaded", [98, 100, 102])
def test_a_count_that_is_near_enough(loaded: int) -> None:
    space = filled()
    counting(space, loaded - 10, 12, 1, 1, 50)
    found = read(space)
    assert found.told == []
    assert found.counted == loaded
    assert found.machine.version == "17.0.15"


@pytest.mark.parametrize("loaded", [97, 103, 0, -5, 1000])
def test_a_count_that_differs_is_told(loaded: int) -> None:
    space = filled()
    counting(space, loaded, 0, 0, 0, 50)
    told = [(Reason.DIFFERS, f"100 read, {loaded} to {loaded} counted")]
    assert read(space).told == told


def test_a_count_that_changes_while_we_read() -> None:
    space = filled()
    address = counting(space, 90, 0, 0, 0, 50)
    space.before_read[20] = lambda: space.put(
        address, data(*zip((*LOADED, *UNLOADED), (103, 0, 0, 0), strict=True))
    )
    found = read(space)
    assert space.reads > 20
    assert found.told == []


def test_a_jvm_without_counters() -> None:
    space = filled()
    found = read(space)
    assert (found.told, found.counted) == ([], None)
    assert found.why == "the JVM keeps no counters"
    bare = replace(LAYOUT, perf_start_at=0, release_at=0)
    library = space.library._replace(layout=bare)
    assert counters_of(memory_of(space), library) is None
    assert release_of(memory_of(space), library) == ""


@pytest.mark.parametrize("names", [(), ("sun.rt.other",) * 5])
def test_counters_that_are_none(names: tuple[str, ...]) -> None:
    space = filled()
    address = counting(space, 100, 0, 0, 0, 50, names=names)
    if not names:
        space.put(address, b"\0" * 4)
    with pytest.raises(Malformed):
        counters_of(memory_of(space), space.library)
    found = read(space)
    assert found.counted is None
    assert "counters" in found.why


def test_the_release() -> None:
    space = filled()
    for raw, expected in ((b"17.0.15+6\0", "17.0.15+6"), (b"\xff\xfe\0", "")):
        address = space.new(128)
        space.put(address, raw)
        space.write(BASE + LAYOUT.release_at, "Q", address)
        assert release_of(memory_of(space), space.library) == expected


@pytest.mark.parametrize("number", range(5))
def test_every_watched_counter_is_a_change(number: int) -> None:
    space = filled()
    counting(space, 100, 0, 0, 0, 50)
    counters = counters_of(memory_of(space), space.library)
    kept = watch(memory_of(space), space.library, counters)
    assert unchanged(memory_of(space), space.library, kept)
    assert counters
    at = counters.watch[number]
    space.write(at, "Q", space.word(at) + 1)
    assert not unchanged(memory_of(space), space.library, kept)


@pytest.mark.parametrize("change", ["class", "loader", "unload"])
def test_without_counters_the_lists_are_watched(change: str) -> None:
    space = filled()
    extra = space.loader(["com/acme/Main"])
    kept = watch(memory_of(space), space.library, None)
    assert unchanged(memory_of(space), space.library, kept)
    changes: dict[str, Callable[[], object]] = {
        "class": lambda: space.klass(extra, "com/acme/New"),
        "loader": space.loader,
        "unload": lambda: space.unload(extra),
    }
    changes[change]()
    assert not unchanged(memory_of(space), space.library, kept)
