"""Each test that takes `helm` runs once for every Helm of the toolbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chart.helm import Helm
from tests.fetch.chart import HELMS

if TYPE_CHECKING:
    from tests.harness.fixtures import Toolbox


@pytest.fixture(scope="session")
def helms(toolbox: Toolbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Helm]:
    """Every Helm of the toolbox by its version, oldest first."""
    return {
        version: Helm(
            toolbox.path(f"helm-{version}") / "bin/helm",
            version,
            tmp_path_factory.mktemp(f"helm-{version}-"),
        )
        for version in HELMS
    }


@pytest.fixture(scope="session", params=HELMS)
def helm(request: pytest.FixtureRequest, helms: dict[str, Helm]) -> Helm:
    return helms[str(request.param)]


@pytest.fixture(scope="session")
def newest(helms: dict[str, Helm]) -> Helm:
    """For what is the same whichever Helm it is, as `test_all_helms_make_the_same` shows."""
    return list(helms.values())[-1]
