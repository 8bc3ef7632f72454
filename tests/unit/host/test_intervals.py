"""Known bytes here and there, against the plainest model of them."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sensor.host.intervals import Intervals

pieces = st.lists(st.tuples(st.integers(0, 60), st.binary(max_size=12)), max_size=12)


@given(pieces, st.integers(0, 70), st.integers(0, 20))
def test_as_a_dictionary_of_bytes(known: list[tuple[int, bytes]], start: int, size: int) -> None:
    intervals, model = Intervals(), dict[int, int]()
    for at, data in known:
        intervals.add(at, data)
        model |= {at + index: byte for index, byte in enumerate(data)}
    wanted = [model.get(address) for address in range(start, start + size)]
    there = [byte for byte in wanted if byte is not None]
    expected = bytes(there) if len(there) == len(wanted) else None
    assert intervals.get(start, size) == expected
    assert {a + i: byte for a, data in intervals.merged() for i, byte in enumerate(data)} == model
    ends = [(at, at + len(data)) for at, data in intervals.merged()]
    assert all(end < begin for (_, end), (begin, _) in pairwise(ends))
    assert Intervals(intervals.merged()).merged() == intervals.merged()


def test_the_later_answer_holds_also_when_it_was_known_before() -> None:
    intervals = Intervals()
    for data in (b"aa", b"bb", b"aa"):
        intervals.add(5, data)
    assert intervals.get(5, 2) == b"aa"
    assert intervals.get(5, -1) is None
