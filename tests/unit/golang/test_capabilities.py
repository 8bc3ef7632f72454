"""CAPABILITIES.md says what the tests and the code have: versions, fixtures, gaps."""

from __future__ import annotations

import re
from pathlib import Path

import sensor.resolvers.golang
from sensor.resolvers.golang.objects import MAX_OBJECTS, MIN_SIZE
from sensor.resolvers.golang.reasons import Reason
from sensor.resolvers.golang.statement import MAX_MODULES
from tests.live.golang import test_builds, test_machines, test_programs
from tests.support.capabilities import Page

PAGE = Page(sensor.resolvers.golang)
FIXTURES = Path(__file__).parents[2] / "fixtures" / "golang"


def test_versions_that_are_said_to_be_run_are_those_of_the_live_tests() -> None:
    table = {row[0]: row for row in PAGE.rows("Versions")}
    assert {go for go, row in table.items() if row[3] == "yes"} == set(test_builds.VERSIONS)
    real = {number for row in table.values() for number in re.findall(r"1\.\d+", row[3])}
    programs = {name.split("-")[1] for name in test_programs.PROGRAMS if "-" in name}
    assert real == programs - set(test_builds.VERSIONS) | {"1.15"}


def test_fixtures_that_are_said_to_be_there_are_there() -> None:
    said = {f"go-{row[0]}" for row in PAGE.rows("Versions") if row[4] == "yes"}
    assert said == {folder.name for folder in FIXTURES.iterdir()}


def test_layouts_are_those_that_the_real_programs_have() -> None:
    layouts = {row[0]: row[2] for row in PAGE.rows("Versions")}
    for name, layout in test_programs.LAYOUTS.items():
        version = name.split("-")[1]
        assert layouts.get(version, layouts["1.13 to 1.15"]) == layout


def test_every_gap_is_explained_and_no_other() -> None:
    said = PAGE.first_cells("What is said when something is not known")
    assert sorted(said) == sorted(str(reason) for reason in Reason)


def test_machines_and_bounds_are_those_of_the_code() -> None:
    assert f"{MAX_MODULES:,} listed" in PAGE
    assert f"more than {MAX_OBJECTS} mapped libraries" in PAGE
    assert f"smaller than {MIN_SIZE >> 10} KiB" in PAGE
    for _, machine in test_machines.MACHINES:
        assert machine in PAGE
