"""Each test that takes `helm` runs once for every Helm of the toolbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chart.helm import Helm
from tests.fetch.chart import HELMS

if TYPE_CHECKING:
    from tests.harness.fixtures import Toolbox


@pytest.fixture(scope="session", params=HELMS)
def helm(
    request: pytest.FixtureRequest, toolbox: Toolbox, tmp_path_factory: pytest.TempPathFactory
) -> Helm:
    return _helm(str(request.param), toolbox, tmp_path_factory)


@pytest.fixture(scope="session")
def newest(toolbox: Toolbox, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """For what is the same whichever Helm it is, as `test_all_helms_make_the_same` shows."""
    return _helm(list(HELMS)[-1], toolbox, tmp_path_factory)


def _helm(version: str, toolbox: Toolbox, folders: pytest.TempPathFactory) -> Helm:
    program = toolbox.path(f"helm-{version}") / "bin/helm"
    return Helm(program, version, folders.mktemp(f"helm-{version}-"))
