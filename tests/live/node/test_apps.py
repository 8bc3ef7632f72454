"""Real applications, started before anybody looks: exactly the packages that the managers list."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.live.node.apps import APP, Truth, application, look, running, with_programs
from tests.live.node.oracle import Npm, pnpm, yarn

if TYPE_CHECKING:
    from pathlib import Path

    from sensor.model.finding import Finding
    from tests.harness.fixtures import Toolbox

pytestmark = pytest.mark.runtimes
NODE = "24"
# Program, how many threads and processes it has, and some packages that it must have loaded.
PROGRAMS: dict[str, tuple[int, set[tuple[str, str | None]]]] = {
    "server.js": (1, {("debug", "2.6.9"), ("preact-render-to-string", None), ("winston", None)}),
    "nest.js": (1, {("@nestjs/core", None), ("express", None)}),
    "modern.mjs": (1, {("fastify", None), ("chalk", None), ("preact", None)}),
    "threads.js": (3, {("express", None), ("lodash", None), ("ajv", None)}),
    "cluster.js": (3, set()),
    "tools.js": (1, {("webpack", None), ("terser", None)}),
    "addons.js": (1, {("bufferutil", None), ("@node-rs/crc32", None)}),
}


def node(toolbox: Toolbox) -> list[str]:
    return [str(toolbox.path(f"node-{NODE}") / "bin" / "node")]


def known(found: Finding) -> set[tuple[str, str | None]]:
    """Name and version of each package; nothing is left out, and nothing is inside another."""
    assert found.gaps == ()
    assert found.coverage is not None
    assert found.coverage.complete
    assert all(package.inside is None for package in found.packages)
    return {(package.name, package.version) for package in found.packages}


@pytest.mark.parametrize("program", PROGRAMS)
def test_npm(toolbox: Toolbox, tmp_path: Path, program: str) -> None:
    speakers, some = PROGRAMS[program]
    home = toolbox.path("node-apps")
    lock = Npm(home)
    folder = application(tmp_path, home / "node_modules", program)
    with running(node(toolbox), folder, program, speakers) as truths:
        for pid, truth in truths.items():
            assert known(look(pid)) == packages_of(lock, truth)
        every = set().union(*(packages_of(lock, truth) for truth in truths.values()))
    names = {name for name, _ in every}
    assert all((name, version) in every if version else name in names for name, version in some)


def test_every_package_of_a_large_application(toolbox: Toolbox, tmp_path: Path) -> None:
    home = toolbox.path("node-apps")
    lock = Npm(home)
    folder = application(tmp_path, home / "node_modules", "everything.js")
    with running(node(toolbox), folder, "everything.js") as truths:
        ((pid, truth),) = truths.items()
        wanted = packages_of(lock, truth)
        assert known(look(pid)) == wanted
    assert len(wanted) >= 250


def packages_of(lock: Npm, truth: Truth) -> set[tuple[str, str]]:
    return {lock.of(path) or APP for path in truth.files}


# A program for each kind of modules, and what it must have loaded.
SMALL = {
    "small.js": {"express", "ajv-keywords", "@node-rs/crc32"},
    "small.mjs": {"express", "chalk", "lodash"},
}


@pytest.mark.parametrize("program", SMALL)
def test_pnpm(toolbox: Toolbox, tmp_path: Path, program: str) -> None:
    folder = application(tmp_path, toolbox.path("node-pnpm") / "app" / "node_modules", program)
    with running(node(toolbox), folder, program) as truths:
        ((pid, truth),) = truths.items()
        wanted = {pnpm(path) or APP for path in truth.files}
        assert known(look(pid)) == wanted
    assert SMALL[program] <= {name for name, _ in wanted}


@pytest.mark.parametrize("program", SMALL)
def test_yarn_plug_and_play(toolbox: Toolbox, tmp_path: Path, program: str) -> None:
    folder = tmp_path / "app"
    shutil.copytree(toolbox.path("node-yarn") / "app", folder)
    with_programs(folder, program)
    argv = [*node(toolbox), "-r", "./.pnp.cjs"]
    if program.endswith(".mjs"):
        argv += ["--no-warnings", "--experimental-loader", "./.pnp.loader.mjs"]
    with running(argv, folder, program) as truths:
        ((pid, truth),) = truths.items()
        wanted = yarn(truth.owners.values()) | {("shop", "0.0.1")}
        assert known(look(pid)) == wanted
    assert SMALL[program] <= {name for name, _ in wanted}
    assert any("/__virtual__/" in path for path in truth.files)
