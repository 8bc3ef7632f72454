"""A slice ends by time, by bytes or by calls; beyond the hard limits a read is refused."""

from __future__ import annotations

import pytest

from sensor.errors import BudgetSpent
from sensor.model.budget import HARD_FACTOR, Budget, Meter


class Clock:
    """A clock that the test turns."""

    now = 100.0

    def __call__(self) -> float:
        """The time the test set."""
        return self.now


def test_time_ends_a_slice() -> None:
    clock = Clock()
    budget = Budget(Meter(), seconds=0.2, clock=clock)
    clock.now += 0.19
    assert not budget.due()
    clock.now += 0.02
    assert budget.due()


def test_bytes_and_calls_of_this_slice_end_it_not_those_before() -> None:
    meter = Meter(bytes=10_000, calls=50)
    budget = Budget(meter, max_bytes=100, max_calls=3)
    assert not budget.due()
    meter.charge(100)
    assert budget.due()

    budget = Budget(meter, max_bytes=100, max_calls=3)
    assert not budget.due()
    meter.charge(0, calls=3)
    assert budget.due()


def test_a_step_that_runs_away_is_stopped_in_the_middle() -> None:
    meter = Meter()
    Budget(meter, max_bytes=100, max_calls=10)
    meter.charge(100 * HARD_FACTOR, calls=1)
    with pytest.raises(BudgetSpent):
        meter.charge(1)


def test_the_next_slice_gives_new_room() -> None:
    meter = Meter()
    Budget(meter, max_bytes=100)
    with pytest.raises(BudgetSpent):
        meter.charge(1_000_000)
    Budget(meter, max_bytes=100)
    meter.charge(50)


def test_time_is_that_of_the_meter_where_nothing_else_is_said() -> None:
    clock = Clock()
    budget = Budget(Meter(clock=clock), seconds=0.2)
    assert not budget.due()
    clock.now += 0.21
    assert budget.due()
