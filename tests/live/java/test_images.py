"""The images of real JDKs, against what the JDK's own reader of images says."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from sensor.formats import jimage
from sensor.formats.source import Bytes
from tests.fetch import jdk

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.fixtures import Toolbox

pytestmark = [pytest.mark.runtimes]

# Every class file below /modules of an image, by java.base's file system for them (JEP 220).
PROGRAM = """
import java.net.URI; import java.nio.file.*; import java.util.*;
public class Image {
    public static void main(String[] homes) throws Exception {
        var where = Map.of("java.home", homes[0]);
        try (var system = FileSystems.newFileSystem(URI.create("jrt:/"), where);
             var paths = Files.walk(system.getPath("/modules"))) {
            paths.filter(p -> p.toString().endsWith(".class") && p.getNameCount() > 3)
                 .map(p -> p.getName(1) + " " + p.subpath(2, p.getNameCount() - 1))
                 .distinct().forEach(System.out::println);
        }
    }
}
"""


@pytest.mark.parametrize("version", [name for name in jdk.SUITES if int(name) > 8])
def test_packages_of_each_module(toolbox: Toolbox, tmp_path: Path, version: str) -> None:
    toolbox.path("maven")
    root = toolbox.path(jdk.component(version))
    home = root / f"usr/lib/jvm/java-{version}-openjdk-amd64"
    program = tmp_path / "Image.java"
    program.write_text(PROGRAM)
    said = subprocess.run(
        ["java", str(program), str(home)],
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"]},
    ).stdout
    ours = jimage.modules(Bytes((home / "lib" / "modules").read_bytes()))
    assert {f"{module} {one}" for module, held in ours.items() for one in held} == set(
        said.splitlines()
    )
