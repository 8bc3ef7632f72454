"""Fixtures of the live tests of `run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.live.cli import world

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(name="made")
def made_world() -> Iterator[world.World]:
    """Two made-up distributions (toy, other), and a way to start children that import them."""
    with world.world() as made:
        yield made
