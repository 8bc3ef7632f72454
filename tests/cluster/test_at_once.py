"""Blocks that are entered and left at once."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from tests.cluster.at_once import at_once, for_each

if TYPE_CHECKING:
    from collections.abc import Iterator

# Who waits for another in vain ends with an error.
SECONDS = 10.0


@contextmanager
def block(name: str, said: list[str], meet: Barrier, trouble: str = "") -> Iterator[str]:
    """Begins and ends only together with the others of `meet`; fails at one of these."""
    for step in ("begin", "end"):
        meet.wait(SECONDS)
        if trouble == step:
            raise ValueError(name)
        said.append(f"{step} {name}")
        if step == "begin":
            yield name


def test_all_is_done_at_once_and_each_result_is_in_its_place() -> None:
    meet = Barrier(3)

    def do(number: int) -> int:
        meet.wait(SECONDS)
        return number * number

    assert for_each([1, 2, 3], do) == [1, 4, 9]


def test_what_goes_wrong_is_told_with_its_thing() -> None:
    with pytest.raises(ExceptionGroup) as told:
        for_each([0, 1, 2], lambda number: 1 // (number % 2))
    assert [error.__notes__ for error in told.value.exceptions] == [["with 0"], ["with 2"]]


def test_a_skip_is_a_skip() -> None:
    with pytest.raises(pytest.skip.Exception, match="no busybox"):
        for_each(["no busybox", "no busybox"], pytest.skip)


def test_all_begin_at_once_and_end_at_once() -> None:
    said: list[str] = []
    meet = Barrier(2)
    with at_once([block("one", said, meet), block("two", said, meet)]) as names:
        assert names == ["one", "two"]
        assert sorted(said) == ["begin one", "begin two"]
    assert sorted(said[2:]) == ["end one", "end two"]


def test_where_one_does_not_begin_the_other_ends() -> None:
    said: list[str] = []
    blocks = [block("one", said, Barrier(1), "begin"), block("two", said, Barrier(1))]
    with pytest.raises(ExceptionGroup) as told, at_once(blocks):
        pytest.fail("it was entered")
    assert [str(error) for error in told.value.exceptions] == ["one"]
    assert said == ["begin two", "end two"]


def test_what_goes_wrong_at_the_end_is_told_and_the_other_ends() -> None:
    said: list[str] = []
    blocks = [block("one", said, Barrier(1), "end"), block("two", said, Barrier(1))]
    with pytest.raises(ExceptionGroup) as told, at_once(blocks):
        pass
    assert [str(error) for error in told.value.exceptions] == ["one"]
    assert said[-1] == "end two"
