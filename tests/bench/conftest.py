"""What holds for every bench."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from sensor import worker

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _nothing_of_other_tests_is_counted() -> Iterator[None]:
    """A worker begins small, and so does each bench."""
    before = gc.get_threshold()
    worker.spare_the_collector()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()
