"""The factory of Go programs, and each program built once for all tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.live.golang.factory import Factory, Recipe

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.harness.fixtures import Toolbox


@pytest.fixture(scope="session")
def factory(tmp_path_factory: pytest.TempPathFactory) -> Factory:
    return Factory(tmp_path_factory.mktemp("golang"))


@pytest.fixture(scope="session")
def built(factory: Factory, toolbox: Toolbox) -> Callable[[Recipe], Path]:
    """Return a function that builds a recipe, or hands out what was built before."""
    programs: dict[Recipe, Path] = {}

    def build(recipe: Recipe) -> Path:
        toolchain = toolbox.path(f"go-{recipe.go}")
        if recipe not in programs:
            programs[recipe] = factory.build(toolchain, recipe, f"app{len(programs)}")
        return programs[recipe]

    return build
