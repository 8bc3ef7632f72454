"""What holds for every bench."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _nothing_of_other_tests_is_counted() -> Iterator[None]:
    """A worker begins small: what this process holds already is not walked by the collector."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
