"""The version of a JDK: by its release file, else by what its JVM tells."""

from __future__ import annotations

import pytest

from sensor.resolvers.java.words import Machine
from tests.support.jarmade import HOME, JavaProcess, boot, joined


@pytest.mark.parametrize(
    ("release", "told", "version", "by"),
    [
        ('JAVA_VERSION="17.0.1"\n', "17.0.9", "17.0.1", "release file"),
        ("", "1.8.0_504", "1.8.0_504", "java.version"),
        ("", "", None, ""),
        ("", "1.8 and\x1b[31m more", None, ""),
        ("", "9" * 200, None, ""),
    ],
)
def test_the_version(release: str, told: str, version: str | None, by: str) -> None:
    process = JavaProcess({})
    process.files.files[f"{HOME}/release"] = release.encode()
    found = joined(process, boot("java/lang/Object"), machine=Machine(version=told))
    own = found.packages[0]
    assert (own.name, own.version, own.identity) == ("openjdk", version, by)
