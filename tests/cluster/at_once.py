"""Several things at once, a thread for each: what each waits for passes for all of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

Thing = TypeVar("Thing")
Result = TypeVar("Result")


def for_each(things: Sequence[Thing], do: Callable[[Thing], Result]) -> list[Result]:
    """Do it with all of them.

    Raises an ExceptionGroup of what goes wrong, each with its thing. But a skip is raised as it is.
    """
    with ThreadPoolExecutor(max_workers=len(things) or 1) as pool:
        doing = [pool.submit(do, thing) for thing in things]
        wait(doing)
    errors = []
    for thing, each in zip(things, doing, strict=True):
        error = each.exception()
        if isinstance(error, Exception):
            error.add_note(f"with {thing}")
            errors.append(error)
    if errors:
        raise ExceptionGroup("done at once", errors)
    return [each.result() for each in doing]


@contextmanager
def at_once(blocks: Sequence[AbstractContextManager[Result]]) -> Iterator[list[Result]]:
    """Enter all and, at the end, leave all; no block is told of an error in the body.

    Raises an ExceptionGroup of what goes wrong; those that were entered are left all the same.
    """
    entered: list[AbstractContextManager[Result]] = []

    def enter(block: AbstractContextManager[Result]) -> Result:
        result = block.__enter__()
        entered.append(block)
        return result

    try:
        yield for_each(blocks, enter)
    finally:
        for_each(entered, lambda block: block.__exit__(None, None, None))
