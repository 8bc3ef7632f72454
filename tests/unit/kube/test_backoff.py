"""Waits after failures: growing, bounded, different everywhere."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sensor.kube.backoff import FACTOR, FIRST, JITTER, MOST, Backoff
from tests.unit.kube.made import chance


@given(st.integers(), st.integers(1, 40))
def test_waits_grow_to_a_bound_and_never_vanish(seed: int, failures: int) -> None:
    backoff = Backoff(chance(seed))
    for i in range(failures):
        middle = min(FIRST * FACTOR**i, MOST)
        assert middle * (1 - JITTER) <= backoff.failed() <= middle * (1 + JITTER)


def test_success_begins_again() -> None:
    backoff = Backoff(chance(1))
    for _ in range(10):
        backoff.failed()
    backoff.worked()
    assert backoff.failed() <= FIRST * (1 + JITTER)


@given(st.integers(), st.floats(0, 300))
def test_what_the_server_asks_for_is_kept(seed: int, asked: float) -> None:
    assert Backoff(chance(seed)).failed(asked) >= asked


def test_two_clients_do_not_come_back_at_once() -> None:
    waits = {Backoff(chance(seed)).failed(60.0) for seed in range(100)}
    assert len(waits) == 100
    assert max(waits) - min(waits) > 20
