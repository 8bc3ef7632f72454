"""Module._cache and ES modules of every Node.js, against what the process itself says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sensor.resolvers.node.words import CJS, ESM
from tests.fetch.node import NODES
from tests.support.nodes import flags, found, modules, purls, target

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.fixtures import Toolbox

pytestmark = pytest.mark.runtimes
PACKAGES = {
    "pkg:npm/left@1.0.0",
    "pkg:npm/right@2.0.0",
    "pkg:npm/%40s/one@5.0.0",
}


@pytest.mark.parametrize("version", NODES)
def test_all_modules(toolbox: Toolbox, tmp_path: Path, version: str) -> None:
    node = toolbox.path(f"node-{version}") / "bin" / "node"
    with target([str(node), *flags(version)], tmp_path) as process:
        process.tell(f"import {tmp_path}/one.mjs")
        assert process.said["error"] == ""
        process.tell(f"import {tmp_path}/with%20space.mjs")
        assert process.said["version"].startswith(f"v{version}.")
        told = modules(process.pid)
        finding = found(process.pid)
    assert {m.path for m in told.modules if m.kind == CJS} == process.cjs
    assert {m.path for m in told.modules if m.kind == ESM} - process.cjs == process.esm
    assert len(process.esm) == 4
    assert not any(module.worker for module in told.modules)
    assert told.gaps == []
    assert finding.gaps == ()
    assert finding.coverage is not None
    assert finding.coverage.complete
    assert purls(finding) == PACKAGES | {"pkg:npm/esm@6.0.0"}
