"""How Hypothesis runs here: a busy machine is no failure, and CI gives the same answer twice."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# How long an example or its making takes depends on what else the machine does.
settings.register_profile(
    "person", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
# CI judges one change by tests that are the same for every change; people search for new examples.
settings.register_profile("ci", settings.get_profile("person"), derandomize=True)


def pytest_configure() -> None:
    settings.load_profile("ci" if os.environ.get("CI") == "true" else "person")
