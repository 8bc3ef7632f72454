"""Another machine than that of the tests: arm64, with Debian's Java, Node.js and Python."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.fetch.vm import SITE
from tests.vm.kernels import BOOKWORM_ARM64, RUNTIMES_ARM64, USERLAND_ARM64
from tests.vm.machines import PROJECT, machine, python
from tests.vm.runner import run

if TYPE_CHECKING:
    from tests.harness.fixtures import Toolbox

pytestmark = [pytest.mark.vm, pytest.mark.heavy]
PROGRAMS = Path(__file__).parent / "guest/programs"
# Its 390 MB twice, a JVM and Node.js.
MEMORY_MIB = 2048
# 45 s of processor time; as much again for each that works beside it.
SECONDS = 220


def jar(toolbox: Toolbox, folder: Path) -> None:
    """An artifact with Maven's own word about itself."""
    toolbox.path("maven")
    words = ("--release", "8", "-Xlint:-options", "-d", folder, PROGRAMS / "Shop.java")
    subprocess.run(["javac", *words], check=True)
    place = "META-INF/maven/test.example/shop/pom.properties"
    with zipfile.ZipFile(folder / "shop.jar", "w") as archive:
        archive.write(folder / "test/example/Shop.class", "test/example/Shop.class")
        archive.writestr(place, "groupId=test.example\nartifactId=shop\nversion=1.2\n")


def application(folder: Path) -> None:
    """A program with one dependency."""
    package = folder / "node_modules/left"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"name": "left", "version": "1.0.3"}')
    (package / "index.js").write_text('module.exports = "READY";\n')
    (folder / "main.js").write_text((PROGRAMS / "shop.js").read_text())


@pytest.fixture
def answer(toolbox: Toolbox, tmp_path: Path) -> dict[str, Any]:
    """What is said of the three, by one boot."""
    (tmp_path / "java").mkdir()
    jar(toolbox, tmp_path / "java")
    application(tmp_path / "node")
    names = ("sensor", "tests/vm", "tests/support")
    share = {name: PROJECT / name for name in names}
    share |= {"work": tmp_path, "site": toolbox.path(USERLAND_ARM64.site_component) / SITE}
    userland = toolbox.path(RUNTIMES_ARM64.component)
    arm64 = replace(machine(toolbox, BOOKWORM_ARM64), userland=userland, memory_mib=MEMORY_MIB)
    body = python("tests.vm.guest.runtimes", "/share/work/java/shop.jar", "/share/work/node")
    result = run(arm64, body, share, SECONDS)
    found = result.answer()
    seconds = {name: round(one["seconds"], 1) for name, one in found.items()}
    sys.stdout.write(f"arm64, {result.seconds:.0f} s, of it looking: {seconds}\n")
    return found


@pytest.mark.timeout(SECONDS + 60)
def test_each_runtime_is_read_right_on_arm64(answer: dict[str, Any]) -> None:
    java, node, python = (answer[name] for name in ("java", "node", "python"))
    artifacts = [purl for purl in java["packages"]["java"] if purl.startswith("pkg:maven/")]
    assert artifacts == ["pkg:maven/test.example/shop@1.2"]
    assert any("openjdk@17." in purl for purl in java["packages"]["java"])
    assert node["packages"]["node"] == ["pkg:npm/left@1.0.3"], node["gaps"]
    names = {purl.partition("@")[0] for purl in python["packages"]["python"]}
    assert {"pkg:deb/debian/python3-yaml", "pkg:deb/debian/python3-requests"} <= names
    for one in answer.values():
        assert one["packages"]["os"] == one["truth"]
        assert all("arch=arm64" in purl for purl in one["truth"])
        assert len(one["truth"]) >= 3
        assert all(one["complete"].values()), one["gaps"]
