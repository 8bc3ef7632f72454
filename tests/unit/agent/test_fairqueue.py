"""The fair queue against a plain model, and its fairness."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sensor.fairqueue import MOST_STALE, FairQueue

KEYS = st.integers(0, 9)
GROUPS = st.sampled_from("abc")
TIMES = st.integers(0, 20).map(float)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), KEYS, GROUPS, TIMES),
        st.tuples(st.just("discard"), KEYS),
        st.tuples(st.just("pop"), TIMES),
    ),
    max_size=60,
)


@given(STEPS)
def test_it_holds_what_was_put_and_gives_only_what_is_due(steps: list[tuple[object, ...]]) -> None:
    queue: FairQueue[int] = FairQueue()
    model: dict[int, float] = {}
    for step in steps:
        match step:
            case ("put", int(key), str(group), float(due)):
                queue.put(key, group, due)
                model[key] = due
            case ("discard", int(key)):
                queue.discard(key)
                model.pop(key, None)
            case ("pop", float(now)):
                popped = queue.pop(now)
                if popped is None:
                    assert not [due for due in model.values() if due <= now]
                else:
                    assert model.pop(popped) <= now
        assert len(queue) == len(model)
        assert queue.next_due() == min(model.values(), default=None)
        assert all(key in queue for key in model)


@given(st.integers(1, 200))
def test_a_small_group_waits_one_turn_only(crowd: int) -> None:
    queue: FairQueue[str] = FairQueue()
    for number in range(crowd):
        queue.put(f"big {number}", "big", 0.0)
    queue.put("small", "small", 0.0)
    assert "small" in [queue.pop(1.0), queue.pop(1.0)]


def test_within_a_group_the_one_that_is_due_first_comes_first() -> None:
    queue: FairQueue[str] = FairQueue()
    for key, due in (("c", 3.0), ("a", 1.0), ("b", 2.0)):
        queue.put(key, "group", due)
    assert [queue.pop(9.0) for _ in range(4)] == ["a", "b", "c", None]


def test_a_key_that_is_moved_on_and_on_takes_no_more_room() -> None:
    queue: FairQueue[str] = FairQueue()
    queue.put("other", "group", 0.0)
    for number in range(10_000):
        queue.put("one", "group", 1000.0 - number / 100)
    assert len(queue._groups["group"].heap) <= MOST_STALE + 4  # noqa: SLF001 - the bound itself


def test_who_is_to_go_when_there_are_too_many() -> None:
    queue: FairQueue[str] = FairQueue()
    assert queue.newest_of_largest() is None
    for key, group in (("x", "small"), ("a", "big"), ("b", "big"), ("y", "other")):
        queue.put(key, group, 0.0)
    assert queue.newest_of_largest() == "b"
