"""The Java programs that tests look at: `tests/live/java/programs`, built once with Maven.

A component has, where it applies: `jars` (what the project made), `repository` (what that depends
on, in Maven's layout GROUP/ARTIFACT/VERSION, so that each JAR is known by where it lies), `boot`,
`war`, `tomcat`, `shade`.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from tests.fetch import maven, system
from tests.fetch.component import Component

USE = ("live/java", "bench", "cluster")
PROJECT = Path(__file__).parents[1] / "live" / "java" / "programs"

COMPONENTS = (
    Component(
        "maven",
        "system",
        "apt-get",
        0,
        USE,
        partial(system.install, packages=maven.PACKAGES, programs=maven.PROGRAMS),
        partial(system.has, programs=maven.PROGRAMS),
    ),
    Component(
        "java-apps",
        maven.digest(PROJECT),
        "mvn",
        100,
        USE,
        partial(maven.build, project=PROJECT),
    ),
    Component(
        "java-spark",
        maven.digest(PROJECT / "spark", PROJECT / "pom.xml"),
        "mvn",
        230,
        USE,
        partial(maven.build, project=PROJECT, module="spark"),
    ),
)
