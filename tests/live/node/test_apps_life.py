"""Workspaces, and what happens to packages while they are in use."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look_until_done
from sensor.resolvers.node import NODE
from tests.live.node.apps import look, running, with_programs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sensor.model.finding import Finding
    from tests.harness.fixtures import Toolbox

pytestmark = pytest.mark.runtimes


def write(folder: Path, name: str, version: str | None, **files: str) -> Path:
    """A package of these files, by name without suffix."""
    folder.mkdir(parents=True)
    described = {"name": name, "version": version, "type": files.pop("kind", "commonjs")}
    kept = {key: value for key, value in described.items() if value}
    (folder / "package.json").write_text(json.dumps(kept))
    for file, text in files.items():
        (folder / f"{file}.js").write_text(text)
    return folder


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The root of some workspaces, as npm lays them out: links in node_modules at the root."""
    modules = tmp_path / "node_modules"
    (modules / "@shop").mkdir(parents=True)
    write(tmp_path / "packages" / "web", "web", "3.0.0")
    greet = write(
        tmp_path / "packages" / "greet",
        "@shop/greet",
        "1.5.0",
        index="exports.greet = require('./dist/deep');",
    )
    write(greet / "dist", "", None, deep="module.exports = (name) => `hello ${name}`;")
    esm = "export const name = 'shop';"
    write(tmp_path / "packages" / "esm", "@shop/esm", "2.0.0", kind="module", index=esm)
    for name in ("greet", "esm"):
        (modules / "@shop" / name).symlink_to(f"../../packages/{name}")
    write(modules / "never", "never", "1.0.0", index="module.exports = 1;")
    return tmp_path


def node(toolbox: Toolbox) -> list[str]:
    return [str(toolbox.path("node-24") / "bin" / "node")]


@pytest.fixture
def pid(toolbox: Toolbox, shop: Path) -> Iterator[int]:
    """The web workspace, running."""
    folder = with_programs(shop / "packages" / "web", "shop.js")
    with running(node(toolbox), folder, "shop.js") as truths:
        yield next(iter(truths))


def known(found: Finding) -> set[tuple[str, str | None]]:
    return {(one.name, one.version) for one in found.packages}


WORKSPACES = {("web", "3.0.0"), ("@shop/greet", "1.5.0"), ("@shop/esm", "2.0.0")}


def test_workspaces(pid: int) -> None:
    found = look(pid)
    assert known(found) == WORKSPACES
    assert found.gaps == ()


def test_what_is_removed_under_a_process_is_told(pid: int, shop: Path) -> None:
    shutil.rmtree(shop / "packages" / "greet")
    found = look(pid)
    assert known(found) == WORKSPACES - {("@shop/greet", "1.5.0")}
    assert {gap.reason for gap in found.gaps} == {"claimed file is not there"}


def test_what_loses_its_files_only_is_told(pid: int, shop: Path) -> None:
    (shop / "packages" / "greet" / "index.js").unlink()
    shutil.rmtree(shop / "packages" / "greet" / "dist")
    found = look(pid)
    assert known(found) == WORKSPACES - {("@shop/greet", "1.5.0")}
    assert {gap.reason for gap in found.gaps} == {"claimed file is not there"}


def test_the_next_process_of_the_image_reads_no_package_json(toolbox: Toolbox, shop: Path) -> None:
    folder = with_programs(shop / "packages" / "web", "shop.js")
    cache, opener, opened = FileCache(), LocalOpener(), []
    for _ in range(2):
        with running(node(toolbox), folder, "shop.js") as truths:
            key = opener.key(next(iter(truths)))
            found = look_until_done(opener, key, [NODE], cache).findings["node"]
            assert known(found) == WORKSPACES
        opened.append(cache.statistics["node-package-1"].puts)
    assert opened[0] == opened[1]
