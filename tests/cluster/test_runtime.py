"""What stands for runc takes out one capability and nothing else, and says so."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster import runtime

if TYPE_CHECKING:
    from pathlib import Path

SETS = ("bounding", "effective", "permitted")


def spec(*names: str) -> dict[str, Any]:
    sets = {each: list(names) for each in SETS}
    return {"ociVersion": "1.0.2", "process": {"args": ["x"], "capabilities": sets}}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    folder.mkdir()
    return folder


def test_only_this_capability_is_taken_out(bundle: Path) -> None:
    file = bundle / "config.json"
    file.write_text(json.dumps(spec("CAP_SYS_PTRACE", runtime.CAPABILITY, "CAP_SYS_ADMIN")))
    assert runtime.without(file)
    assert json.loads(file.read_text()) == spec("CAP_SYS_PTRACE", "CAP_SYS_ADMIN")


@pytest.mark.parametrize(
    "before", [spec("CAP_SYS_PTRACE"), {"process": {"args": ["x"]}}], ids=["others", "none"]
)
def test_a_container_that_does_not_ask_for_it_is_left_alone(
    bundle: Path, before: dict[str, Any]
) -> None:
    file = bundle / "config.json"
    text = json.dumps(before, indent=3)
    file.write_text(text)
    assert not runtime.without(file)
    assert file.read_text() == text


def test_runc_is_started_with_what_it_was_given(bundle: Path, tmp_path: Path) -> None:
    (bundle / "config.json").write_text(json.dumps(spec(runtime.CAPABILITY)))
    runc = tmp_path / "runc"
    runc.write_text('#!/bin/sh\necho "$@"\n')
    runc.chmod(0o755)
    log = tmp_path / "runtime.log"
    arguments = ["--root", "/x", "create", "--bundle", str(bundle), "--pid-file", "/y", "c1"]
    done = subprocess.run(
        [sys.executable, "-I", "-S", runtime.__file__, log, *arguments],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == arguments
    left = json.loads((bundle / "config.json").read_text())
    if runtime.may_grant():
        assert left == spec(runtime.CAPABILITY)
        assert not log.exists()
    else:
        assert left == spec()
        assert log.read_text() == "CAP_SYS_RESOURCE was taken out of container c1\n"
