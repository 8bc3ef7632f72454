"""A real application server with a real application: `tests/live/java/server`, built with Maven.

The component has `opt/wildfly-VERSION` (the server as its makers give it), `jars` (what the
project made, the EAR among it) and `repository` (what that depends on, in Maven's layout).
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from tests.fetch import maven
from tests.fetch.component import Component

PROJECT = Path(__file__).parents[1] / "live" / "java" / "server"

COMPONENTS = (
    Component(
        "java-server",
        maven.digest(PROJECT),
        "mvn",
        330,
        ("live/java",),
        partial(maven.build, project=PROJECT),
    ),
)
