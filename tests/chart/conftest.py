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
    version = str(request.param)
    program = toolbox.path(f"helm-{version}") / "bin/helm"
    return Helm(program, version, tmp_path_factory.mktemp(f"helm-{version}"))
