"""When reports are due."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sensor.agent.timing import SETTLE_SECONDS, Timing


def test_nothing_is_due_while_there_is_nothing_to_say() -> None:
    assert Timing(60.0).due_at(5.0, None) is None


def test_news_are_gathered_for_a_moment() -> None:
    timing = Timing(60.0)
    assert timing.due_at(10.0, 1) == 10.0 + SETTLE_SECONDS
    assert timing.due_at(10.9, 2) == 10.0 + SETTLE_SECONDS


def test_reports_keep_a_distance() -> None:
    timing = Timing(60.0, distance=5.0)
    timing.made(10.0, 1)
    assert timing.due_at(11.0, 2) == 15.0


def test_the_whole_state_is_told_again_after_the_interval_or_never() -> None:
    for interval, due in ((60.0, 70.0), (None, None)):
        timing = Timing(interval)
        timing.made(10.0, 1)
        assert timing.due_at(20.0, 1) == due
        assert not timing.is_news(1)
        assert timing.is_news(2)


@given(
    revisions=st.lists(st.integers(0, 3), max_size=200),
    step=st.floats(0.01, 2.0),
    distance=st.floats(0.0, 10.0),
)
def test_news_are_reported_in_time_and_not_too_often(
    revisions: list[int], step: float, distance: float
) -> None:
    timing = Timing(None, distance)
    made: list[float] = []
    waiting_since = None
    for number, revision in enumerate(revisions):
        now = number * step
        due = timing.due_at(now, revision)
        assert (due is not None) == timing.is_news(revision)
        waiting_since = (waiting_since if waiting_since is not None else now) if due else None
        if due is not None and due <= now:
            timing.made(now, revision)
            made.append(now)
            waiting_since = None
        if waiting_since is not None:
            assert now - waiting_since <= SETTLE_SECONDS + distance
    assert all(b - a >= distance for a, b in pairwise(made))
