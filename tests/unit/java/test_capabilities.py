"""CAPABILITIES.md says what the tests and the code of the memory side have: versions, gaps."""

from __future__ import annotations

import re
from pathlib import Path

import sensor.resolvers.java
from sensor.resolvers.java.reasons import Reason
from sensor.resolvers.java.walk import MAX_CLASSES
from tests.fetch.jdk import SUITES
from tests.support.capabilities import Page

PAGE = Page(sensor.resolvers.java)
FIXTURES = Path(__file__).parents[2] / "fixtures" / "java"


def test_versions_that_are_said_to_be_run_are_those_of_the_live_tests() -> None:
    said = [row[0] for row in PAGE.rows("Versions") if row[2] == "yes"]
    assert [version for version in said if version.isdigit()] == list(SUITES)
    assert [version for version in said if not version.isdigit()] == ["17, Temurin's runtime image"]


def test_fixtures_that_are_said_to_be_there_are_there() -> None:
    said = {f"jdk-{row[0]}" for row in PAGE.rows("Versions") if row[3] == "yes"}
    assert said == {folder.name for folder in FIXTURES.iterdir()}


def test_every_version_is_in_the_table() -> None:
    numbers: set[int] = set()
    for row in PAGE.rows("Versions"):
        first, *last = map(int, re.findall(r"\d+", row[0]))
        numbers |= set(range(first, (last or [first])[0] + 1))
    assert numbers == set(range(8, 28))


def test_every_gap_is_explained() -> None:
    said = PAGE.first_cells("What is said when something is not known")
    assert {str(reason) for reason in Reason} <= set(said)
    assert len(said) == len(set(said))


def test_bounds_are_those_of_the_code() -> None:
    assert f"more than {MAX_CLASSES:,}" in PAGE
