"""Node.js in other forms: a library, a program of ES modules only, the load hook's own word."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from sensor.host.local import LocalOpener
from sensor.resolvers.node.loaded import RENEW, unchanged
from sensor.resolvers.node.words import CJS, ESM
from tests.harness.skips import need
from tests.support.nodes import application, files_of, found, modules, purls, target
from tests.support.speaking import saying

if TYPE_CHECKING:
    from pathlib import Path

    from sensor.resolvers.node.loaded import Loaded
    from tests.harness.fixtures import Toolbox

pytestmark = pytest.mark.runtimes
HOOK = """
import fs from 'fs';
export async function load(url, context, next) {
  const answer = await next(url, context, next);
  if (answer.format === 'module') fs.appendFileSync(process.env.TOLD, url + '\\n');
  return answer;
}
"""
READY = "process.stdout.write('ready\\n'); setInterval(() => {}, 1 << 30);"


def is_unchanged(pid: int, told: Loaded, later: float = 0) -> bool:
    """Whether a second look, so many seconds later, takes the first one's word."""
    opener = LocalOpener()
    with opener.open_process(opener.key(pid)) as process:
        process.at += later
        return unchanged(process, told.again) is not None


@pytest.mark.parametrize("version", ["16", "18", "20", "22", "24", "26"])
def test_es_modules_against_a_load_hook(toolbox: Toolbox, tmp_path: Path, version: str) -> None:
    """The hook runs in a worker thread of Node.js from 18.19 on, where it is a module itself."""
    node = str(toolbox.path(f"node-{version}") / "bin" / "node")
    application(tmp_path)
    hook, told = tmp_path / "hook.mjs", tmp_path / "told"
    hook.write_text(HOOK)
    (tmp_path / "start.mjs").write_text(
        f"globalThis.evaluated = []; await import('./one.mjs'); {READY}"
    )
    command = [node, "--no-warnings", "--experimental-loader", str(hook), "start.mjs"]
    with saying("ready", command, tmp_path, {"TOLD": str(told)}) as pid:
        read = modules(pid)
        seen = {m.path for m in read.modules if m.kind == ESM}
        truth = files_of(told.read_text().split())
    assert read.gaps == []
    assert seen - {str(hook)} == truth - {str(hook)}
    assert len(truth) >= 4


@pytest.mark.parametrize("version", ["12", "20", "26"])
def test_a_program_of_es_modules_only(toolbox: Toolbox, tmp_path: Path, version: str) -> None:
    node = str(toolbox.path(f"node-{version}") / "bin" / "node")
    application(tmp_path)
    (tmp_path / "start.mjs").write_text(
        f"import './first.mjs'; import one from './one.mjs'; {READY}"
    )
    (tmp_path / "first.mjs").write_text("globalThis.evaluated = [];")
    with saying("ready", [node, "--no-warnings", "start.mjs"], tmp_path) as pid:
        told = modules(pid)
        finding = found(pid)
        assert is_unchanged(pid, told)
        assert not is_unchanged(pid, told, later=RENEW + 60)
    assert told.gaps == []
    assert {m.kind for m in told.modules} == {ESM}
    assert len(told.modules) == 5
    assert purls(finding) == {"pkg:npm/esm@6.0.0"}


def test_debian_s_node_is_a_library(toolbox: Toolbox, tmp_path: Path) -> None:
    """Its program is small; V8 and its symbols are in libnode.so."""
    need(os.geteuid() == 0, "it is run by chroot", "root")
    root = tmp_path / "root"
    shutil.copytree(toolbox.path("debian-node-root"), root, symlinks=True)
    (root / "app").mkdir()
    with target(["chroot", str(root), "node"], root / "app", inside="/app") as process:
        told = modules(process.pid)
        finding = found(process.pid)
    assert {m.path for m in told.modules if m.kind == CJS} == process.cjs
    assert told.gaps == []
    assert "pkg:npm/left@1.0.0" in purls(finding)
