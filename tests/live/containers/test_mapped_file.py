"""Rule 3 on the overlayfs of this kernel: the body that also runs in the 6.1 machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.harness.skips import need

if TYPE_CHECKING:
    from tests.harness.fixtures import Toolbox

PROJECT = Path(__file__).parents[3]


@pytest.mark.root
def test_the_mapped_file_is_recognised_here_too(toolbox: Toolbox, tmp_path: Path) -> None:
    need(os.geteuid() == 0, "mounting an overlay needs root", "root")
    image = toolbox.path("debian-python-root")
    body = [sys.executable, "-m", "tests.vm.guest.mapped_file", str(image), str(tmp_path)]
    done = subprocess.run(body, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert set(answer["scanned"]) >= set(answer["truth"])
    assert {"libc6", "python3.11-minimal"} <= set(answer["os"])
    assert not [name for name in answer["os"] if " " in name]  # no gaps
