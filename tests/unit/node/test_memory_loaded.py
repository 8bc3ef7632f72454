"""Reading a made-up heap: what is true is told; damage and change never make a wrong fact."""

from __future__ import annotations

import json
import struct
from itertools import count
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from sensor.errors import BudgetSpent
from sensor.host.cache import FileCache
from sensor.model.budget import Budget
from sensor.model.file import FileId
from sensor.resolvers.node.loaded import Loaded, changed, loaded, unchanged
from sensor.resolvers.node.postmortem import Program
from sensor.resolvers.node.reasons import CACHE_TORN, HEAP_UNKNOWN
from tests.support.v8heap import HEAP, MALLOC, NEW, SEALED, SIZES, application

if TYPE_CHECKING:
    from tests.support.v8heap import V8Heap

PATHS = ("/app/main.js", "/app/node_modules/left/index.js", "/app/a.node")
FILE = FileId(1, 2, 3, 4, 5)
MAX_SLICES = 40


def run(heap: V8Heap, seconds: float = 60) -> Loaded:
    """Read in as many slices as it takes; the state goes through JSON."""
    state, cache = None, FileCache()
    for _ in range(MAX_SLICES):
        budget = Budget(heap.meter, seconds=seconds)
        told = loaded(heap.process, budget, cache, Program(FILE, NEW), state)
        if isinstance(told, Loaded):
            return told
        state = json.loads(json.dumps(told.state))
    raise AssertionError("it does not end")


def test_all_modules_are_told_with_their_kind() -> None:
    told = run(application(PATHS))
    assert [(m.path, m.kind, m.worker) for m in told.modules] == [
        ("/app/a.node", "addon", False),
        ("/app/main.js", "cjs", False),
        ("/app/node_modules/left/index.js", "cjs", False),
    ]
    assert told.gaps == []
    assert told.isolates == 1


def test_slices_of_no_time_come_to_the_same_end() -> None:
    assert run(application(PATHS), seconds=0).modules == run(application(PATHS)).modules


def test_isolates_are_found_in_the_memory_of_another_malloc() -> None:
    heap = application(PATHS)
    heap.hidden = True
    told = run(heap)
    assert {m.path for m in told.modules} == set(PATHS)
    assert told.gaps == []
    assert told.isolates == 1


def test_modules_are_found_though_the_first_slots_of_their_cache_are_empty() -> None:
    paths = [f"/app/{number}.js" for number in range(40)]
    told = run(application(paths, first=20))
    assert {m.path for m in told.modules} == set(paths)
    assert told.gaps == []


def test_nothing_new_is_told_from_a_few_reads() -> None:
    heap = application(PATHS)
    again = json.loads(json.dumps(run(heap).again))
    before = heap.meter.calls
    assert unchanged(heap.process, again) == again
    assert heap.meter.calls - before < 10
    heap.put(MALLOC + 0x1000 + 1, 410, 43 << 32)
    assert unchanged(heap.process, again) is None
    assert changed(heap.process, again) is not None


def test_mappings_that_changed_are_gone_through_once() -> None:
    heap = application(PATHS)
    again = json.loads(json.dumps(run(heap).again))
    heap.maps_digest = 2
    newer = unchanged(heap.process, again)
    assert newer == {**again, "digest": 2}
    heap.maps = None  # type: ignore[assignment,method-assign]
    assert unchanged(heap.process, newer) == newer


def test_a_heap_without_maps_is_a_gap() -> None:
    heap = application(PATHS)
    heap.parts[SEALED][:] = bytes(SIZES[SEALED])
    assert run(heap).gaps == [(HEAP_UNKNOWN, "")]


def test_a_cache_that_always_changes_is_told_as_far_as_it_holds() -> None:
    heap = application(PATHS)
    # The key of its first entry, behind seven words and a slot that is not used.
    table = heap.parts[HEAP].find(struct.pack("<Q", 5 + 48 << 32)) - 8
    turns = count(1)

    def turn() -> None:
        heap.write(HEAP + table + 8 * (7 + 3), struct.pack("<Q", next(turns) << 32))
        heap.before_fresh.append(turn)

    heap.before_fresh.append(turn)
    told = run(heap)
    assert {m.path for m in told.modules} == set(PATHS) - {"/app/main.js"}
    assert (CACHE_TORN, "") in told.gaps
    assert told.again is None


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([SEALED, HEAP, MALLOC]),
            st.integers(0, 4000),
            st.one_of(
                st.integers(0, (1 << 64) - 1),
                st.integers(0, 1 << 20).map(lambda value: value << 32),
                st.integers(0, 4000).map(lambda index: HEAP + 8 * index + 1),
                st.integers(0, 600).map(lambda index: SEALED + 8 * index + 1),
            ),
        ),
        max_size=12,
    )
)
def test_any_damage_is_bounded_and_raises_nothing(damage: list[tuple[int, int, int]]) -> None:
    heap = application(PATHS)
    for base, index, value in damage:
        heap.write(base + 8 * index, struct.pack("<Q", value))
    try:
        told = run(heap)
    except BudgetSpent:
        return
    assert len(told.modules) <= 64
    assert all(module.path.startswith("/") for module in told.modules)
