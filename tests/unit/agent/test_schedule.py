"""Who is due when: by a clock of the test's own, with made-up costs."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensor import schedule as module
from sensor.model.process import ProcessKey
from sensor.schedule import CLOSE, Pace, Schedule

A, B = ProcessKey(1, 10), ProcessKey(2, 20)


def fresh(pace: Pace | None = None, **options: float) -> Schedule:
    chance = random.Random(7)  # noqa: S311 - nothing secret
    return Schedule(chance, pace, **options)  # type: ignore[arg-type]


def looks(
    schedule: Schedule, until: float, *, changed: bool = False, cpu: float = 0.0
) -> list[float]:
    """When looks were taken up to a time, each of them done at once."""
    times, now = [], 0.0
    while (at := schedule.next_at(now)) is not None and at <= until:
        now = max(now, at)
        key = schedule.take(now)
        if key is not None:
            times.append(now)
            schedule.done(key, now, cpu, changed=changed)
    return times


def test_a_new_process_is_looked_at_within_a_second_and_again_when_it_has_settled() -> None:
    schedule = fresh()
    schedule.started(A, "c", now=0.0, age=0.0)
    times = looks(schedule, 3600.0)
    assert times[0] == 0.3
    assert [time for time in times if time < 15] == pytest.approx([0.3, 1.2, 3.9, 12.0], rel=0.2)
    assert max(later - sooner for sooner, later in pairwise(times)) <= 690
    assert len(times) < 15


def test_an_event_that_comes_late_is_answered_at_once() -> None:
    schedule = fresh()
    schedule.started(A, "c", now=5.0, age=0.9)
    assert schedule.take(5.0) == A


@pytest.mark.parametrize("age", [None, 86_400.0])
def test_an_old_process_is_looked_at_at_once_and_then_seldom(age: float | None) -> None:
    schedule = fresh()
    schedule.started(A, "c", now=0.0, age=age)
    times = looks(schedule, 3600.0)
    assert times[0] == 0.0
    assert times[1] >= 15.0
    assert len(times) < 12


def test_while_it_still_changes_it_is_looked_at_more_often() -> None:
    calm, busy = fresh(), fresh()
    calm.started(A, "c", now=0.0, age=None)
    busy.started(A, "c", now=0.0, age=None)
    often = looks(busy, 600.0, changed=True)
    assert len(often) > 2 * len(looks(calm, 600.0))
    assert min(later - sooner for sooner, later in pairwise(often)) >= 15


def test_long_intervals_end_on_a_common_beat() -> None:
    schedule = fresh()
    for number in range(50):
        schedule.started(ProcessKey(number, 1), f"c{number % 5}", now=float(number), age=None)
    late = [time for time in looks(schedule, 3000.0) if time > 600]
    assert len({round(time % 30, 6) for time in late}) == 1


def test_an_exec_begins_anew_also_while_a_look_is_in_hand() -> None:
    schedule = fresh()
    schedule.started(A, "c", now=0.0, age=0.0)
    assert schedule.take(0.3) == A
    schedule.started(A, "c", now=0.35, age=0.0)
    schedule.done(A, 0.4, 0.01, changed=True)  # of the program before
    assert schedule.next_at(0.4) == pytest.approx(0.65)
    assert schedule.take(0.66) == A


def test_an_ended_process_is_forgotten_also_while_a_look_is_in_hand() -> None:
    schedule = fresh()
    schedule.started(A, "c", now=0.0, age=0.0)
    schedule.started(B, "c", now=0.0, age=0.0)
    assert schedule.take(1.0) in {A, B}
    schedule.ended(A)
    schedule.ended(B)
    schedule.done(A, 1.0, 0.0, changed=True)
    schedule.failed(B, 1.0, 0.0)
    assert (len(schedule), schedule.next_at(1.0), schedule.take(999.0)) == (0, None, None)


def test_a_look_in_slices_goes_on_after_the_others() -> None:
    schedule = fresh()
    schedule.started(A, "a", now=0.0, age=None)
    schedule.started(B, "b", now=0.0, age=None)
    first = schedule.take(0.0)
    assert first is not None
    schedule.again(first, 0.2, 0.2)
    second = schedule.take(0.2)
    assert {first, second} == {A, B}
    assert second is not None
    schedule.done(second, 0.3, 0.0, changed=True)
    assert schedule.take(0.3) == first


def test_one_that_fails_is_tried_later_and_later() -> None:
    schedule = fresh()
    schedule.started(A, "c", now=0.0, age=None)
    waits, now = [], 0.0
    for _ in range(12):
        assert schedule.take(now) == A
        schedule.failed(A, now, 0.0)
        at = schedule.next_at(now)
        assert at is not None
        waits.append(at - now)
        now = at
    assert waits[0] >= module.FAILED_SECONDS
    assert waits[2] > waits[1] > waits[0]
    assert max(waits) <= module.MOST_FAILED_SECONDS * 1.1 + 30


def test_one_that_is_refused_is_left_alone_until_it_runs_another_program() -> None:
    schedule = fresh()
    schedule.started(A, "c", now=0.0, age=0.0)
    assert schedule.take(1.0) == A
    schedule.refused(A, 1.0, 0.0)
    at = schedule.next_at(1.0)
    assert at is not None
    assert at >= module.REFUSED_SECONDS
    schedule.started(A, "c", now=2.0, age=0.0)
    assert schedule.take(2.3) == A


def test_a_container_with_a_thousand_new_processes_does_not_hold_up_another() -> None:
    schedule = fresh()
    for number in range(1000):
        schedule.started(ProcessKey(number, 1), "storm", now=0.0, age=0.0)
    lone = ProcessKey(5000, 1)
    schedule.started(lone, "calm", now=0.0, age=0.0)
    assert lone in [schedule.take(0.3), schedule.take(0.3)]


@settings(deadline=None)
@given(
    share=st.floats(0.01, 0.5),
    cpu=st.floats(0.001, 0.3),
    processes=st.integers(1, 30),
    changed=st.booleans(),
)
def test_it_keeps_to_its_share_of_a_processor(
    share: float, cpu: float, processes: int, *, changed: bool
) -> None:
    schedule = fresh(CLOSE, share=share)
    for number in range(processes):
        schedule.started(ProcessKey(number, 1), f"c{number}", now=0.0, age=0.0)
    seconds = 300.0
    spent = cpu * len(looks(schedule, seconds, changed=changed, cpu=cpu))
    assert spent <= share * seconds + module.BURST_SECONDS * (1 + module.OLD_PART) + 2 * cpu


def test_a_storm_of_new_processes_leaves_the_old_ones_their_part() -> None:
    schedule = fresh(share=0.05)
    old = ProcessKey(1, 1)
    schedule.started(old, "old", now=0.0, age=None)
    times, now = 0, 0.0
    for second in range(2000):
        now = max(now, float(second))
        for number in range(3):
            schedule.started(ProcessKey(100 + 3 * second + number, 1), "storm", now, age=0.0)
        while (key := schedule.take(now)) is not None:
            times += key == old
            now += 0.08
            schedule.done(key, now, 0.08, changed=True)
            if key != old:
                schedule.ended(key)
    assert times >= 5


def test_it_is_bounded_and_the_largest_container_pays() -> None:
    schedule = fresh(max_entries=100)
    for number in range(10):
        schedule.started(ProcessKey(number, 1), "small", now=0.0, age=0.0)
    for number in range(500):
        schedule.started(ProcessKey(1000 + number, 1), "big", now=0.0, age=0.0)
    assert len(schedule) == 100
    assert schedule.dropped == 410
    assert all(ProcessKey(number, 1) in schedule for number in range(10))


def test_one_that_is_in_a_hurry_is_looked_at_now() -> None:
    schedule = fresh()
    schedule.started(A, "c", now=0.0, age=None)
    assert schedule.take(0.0) == A
    schedule.hurry(A, 0.0)  # it is in hand just now
    assert schedule.take(0.0) is None
    schedule.done(A, 0.0, 0.0, changed=False)
    schedule.hurry(A, 1.0)
    schedule.hurry(B, 1.0)  # nobody knows it
    assert schedule.take(1.0) == A
    assert schedule.take(1.0) is None


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["started", "ended", "done", "again", "failed", "refused", "wait"]),
        st.integers(0, 5),
        st.floats(0, 20),
    ),
    max_size=80,
)


@given(STEPS)
def test_whatever_happens_nobody_is_lost_and_nobody_is_due_before_its_time(
    steps: list[tuple[str, int, float]],
) -> None:
    schedule = fresh()
    known: set[ProcessKey] = set()
    now = 0.0
    for what, number, amount in steps:
        key = ProcessKey(number, 1)
        if what == "started":
            schedule.started(key, f"c{number % 2}", now, age=amount)
            known.add(key)
        elif what == "ended":
            schedule.ended(key)
            known.discard(key)
        elif what == "wait":
            now += amount
        else:
            expected = schedule.next_at(now)
            taken = schedule.take(now)
            assert (taken is not None) == (expected is not None and expected <= now)
            if taken is not None:
                assert taken in known
                if what == "done":
                    schedule.done(taken, now, amount / 100, changed=bool(number % 2))
                else:
                    getattr(schedule, what)(taken, now, amount / 100)
        assert len(schedule) == len(known)
        assert (schedule.next_at(now) is None) == (not known)
