"""Real bundles of webpack and esbuild: what they say is reported, what they do not is told."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from sensor.model.finding import Depth, State
from tests.live.node.apps import APP, application, look, running
from tests.live.node.oracle import pnpm

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.fixtures import Toolbox

pytestmark = pytest.mark.runtimes
GAP = "bundled code: its packages are not known"
# With what debug needs in its turn.
INSIDE = {"debug", "has-flag", "lodash", "ms", "supports-color"}
NAMED = ("webpack-development.js", "webpack-map.js", "esbuild.js", "esbuild-map.js")
UNNAMED = ("webpack.js", "webpack-readable.js", "esbuild-minified.js", "esbuild-minified.mjs")


@pytest.fixture(scope="module")
def built(toolbox: Toolbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An application whose folder has all the bundles; nothing else of it is loaded."""
    home = toolbox.path("node-apps")
    programs = ("build.js", "entry.js", "entry.mjs")
    folder = application(tmp_path_factory.mktemp("built"), home / "node_modules", *programs)
    subprocess.run([*node(toolbox), "build.js", str(folder)], cwd=folder, check=True)
    return folder


def node(toolbox: Toolbox) -> list[str]:
    return [str(toolbox.path("node-24") / "bin" / "node")]


@pytest.mark.parametrize("bundle", [*NAMED, *UNNAMED])
def test_bundles(toolbox: Toolbox, built: Path, bundle: str) -> None:
    with running(node(toolbox), built, bundle) as truths:
        ((pid, truth),) = truths.items()
        found = look(pid)
    assert {path.rpartition("/")[2] for path in truth.files} == {"oracle.cjs", bundle}
    inside = {one.name: one for one in found.packages if one.inside}
    loaded = {(one.name, one.version) for one in found.packages if not one.inside}
    assert loaded == {APP}
    if bundle in NAMED:
        assert inside.keys() == INSIDE
        assert found.gaps == ()
    else:
        assert [gap.reason for gap in found.gaps] == [GAP]
        assert inside.keys() <= INSIDE
    for one in inside.values():
        assert (one.state, one.version, one.reason) == (State.UNKNOWN, None, "bundled")


def test_a_bundle_of_pnpm_says_the_versions(toolbox: Toolbox, tmp_path: Path) -> None:
    """The folders of pnpm have the version in their name, and a source map has the folders."""
    home = toolbox.path("node-pnpm") / "app" / "node_modules"
    folder = application(tmp_path, home, "entry.mjs")
    program = toolbox.path("node-apps") / "node_modules" / "esbuild" / "bin" / "esbuild"
    options = ["--bundle", "--platform=node", "--minify", "--sourcemap", "--log-level=error"]
    command = [str(program), "entry.mjs", *options, f"--outfile={folder}/dist.js"]
    subprocess.run(command, cwd=folder, check=True)
    with running(node(toolbox), folder, "dist.js") as truths:
        ((pid, _),) = truths.items()
        found = look(pid)
    bundled = {(one.name, one.version): one for one in found.packages if one.inside}
    # A part of a part: the source map of uri-js says its name.
    assert bundled.pop(("punycode", None)).state is State.UNKNOWN
    folders = home.glob(".pnpm/*/node_modules/*/package.json")
    assert bundled.keys() <= {pnpm(str(path)) for path in folders}
    assert {"ajv", "lodash", "uri-js"} <= {name for name, _ in bundled}
    for one in bundled.values():
        assert (one.state, one.depth) == (State.LOADED, Depth.OPENED)
    assert found.gaps == ()
