"""When the next try may be made: longer each time, never less than asked, never too long."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.report.gate import FIRST, LONGEST, MOST, QUIET, REFUSED_MOST, Gate
from sensor.report.http import seconds_of


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_is_open_at_first_and_after_a_success() -> None:
    clock = Clock()
    gate = Gate(clock, lambda: 0.0)
    assert gate.remaining() == 0
    gate.trouble()
    assert gate.remaining() == FIRST
    clock.now += 0.5
    assert gate.remaining() == FIRST - 0.5
    gate.success()
    assert gate.remaining() == 0
    assert gate.trouble() == FIRST


def test_each_failure_doubles_the_wait_up_to_a_bound() -> None:
    gate = Gate(Clock(), lambda: 0.0)
    waits = [gate.trouble() for _ in range(100)]
    assert waits[:8] == [2, 4, 8, 16, 32, 64, 128, 256]
    assert set(waits[8:]) == {MOST}
    assert Gate(Clock(), lambda: 0.0).too_many() == QUIET


def test_nodes_do_not_come_back_together() -> None:
    assert Gate(Clock(), lambda: 1.0).too_many() == QUIET * 1.5


events = st.lists(
    st.tuples(
        st.sampled_from(["trouble", "too_many", "refused"]),
        st.none() | st.floats(0, 1e9),
        st.floats(0, 1),
    ),
    max_size=40,
)


@given(events)
def test_whatever_happens_a_wait_is_within_its_bounds(
    events: list[tuple[str, float, float]],
) -> None:
    for kind, asked, dice in events:
        gate = Gate(Clock(), lambda dice=dice: dice)  # type: ignore[misc]
        wait = gate.refused() if kind == "refused" else getattr(gate, kind)(asked)
        assert gate.remaining() == wait
        assert FIRST <= wait <= max(LONGEST, REFUSED_MOST) * 1.5
        if kind != "refused" and asked:
            assert wait >= min(asked, LONGEST)


NOW = datetime(2026, 11, 24, 8, 0, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Tue, 24 Nov 2026 08:01:00 GMT", 60.0),
        ("Tue, 24 Nov 2026 07:00:00 GMT", 0.0),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("Tue, 99 Nov 2026 07:00:00 GMT", None),
        ("9" * 5000, 999999999.0),
    ],
)
def test_the_forms_of_retry_after(text: str, seconds: float | None) -> None:
    assert seconds_of(text, NOW) == seconds
