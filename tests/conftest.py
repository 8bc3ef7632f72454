"""Hooks for every test: see `tests/harness/`. A test takes what it needs from `toolbox`."""

from __future__ import annotations

pytest_plugins = (
    "tests.harness.skips",
    "tests.harness.clock",
    "tests.harness.times",
    "tests.harness.generated",
    "tests.harness.fixtures",
)
