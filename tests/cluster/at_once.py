"""Several blocks at once: what each waits for passes for all of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

Entered = TypeVar("Entered")


@contextmanager
def at_once(blocks: Sequence[AbstractContextManager[Entered]]) -> Iterator[list[Entered]]:
    """Enter all, a thread for each, and leave all in the same way.

    Where one cannot be entered the others are left, and it says why. No block is told of an error
    in the body. Raises an ExceptionGroup of what goes wrong at the end.
    """
    with ThreadPoolExecutor(max_workers=len(blocks) or 1) as pool:
        entering = [pool.submit(block.__enter__) for block in blocks]
        wait(entering)
        try:
            yield [each.result() for each in entering]
        finally:
            both = zip(blocks, entering, strict=True)
            entered = [block for block, each in both if not each.exception()]
            leaving = [pool.submit(block.__exit__, None, None, None) for block in entered]
            wait(leaving)
            errors = [error for each in leaving if (error := each.exception())]
            if errors:
                raise BaseExceptionGroup("at the end", errors)
