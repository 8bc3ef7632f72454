"""A single executable application, as Node.js 26 makes it: told, its contents are not known."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.live.node.apps import look
from tests.support.speaking import saying

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.fixtures import Toolbox

pytestmark = pytest.mark.runtimes


def test_a_single_executable_application_is_told(toolbox: Toolbox, tmp_path: Path) -> None:
    node = toolbox.path("node-26") / "bin" / "node"
    (tmp_path / "main.js").write_text("console.log('ready'); setInterval(() => {}, 1 << 30);")
    settings = {"main": "main.js", "output": "shop", "disableExperimentalSEAWarning": True}
    (tmp_path / "sea.json").write_text(json.dumps(settings))
    build = [str(node), "--build-sea", "sea.json"]
    subprocess.run(build, cwd=tmp_path, check=True, capture_output=True)
    with saying("ready", [tmp_path / "shop"]) as pid:
        found = look(pid)
    assert found.packages == ()
    assert [(gap.reason, gap.detail) for gap in found.gaps] == [
        ("runtime not supported yet", "single executable application of Node.js")
    ]
    assert found.coverage is not None
    assert not found.coverage.complete
