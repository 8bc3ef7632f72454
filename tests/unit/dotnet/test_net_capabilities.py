"""CAPABILITIES.md says what the tests and the code have: versions, fixtures, gaps, bounds."""

from __future__ import annotations

from pathlib import Path

import sensor.resolvers.dotnet
from sensor.formats import depsjson
from sensor.resolvers.dotnet.manifests import MAX_FOLDERS, MAX_MANIFESTS, MAX_TOTAL
from sensor.resolvers.dotnet.reasons import HARMLESS, Reason
from sensor.resolvers.dotnet.sightings import MAX_SIGHTINGS
from tests.fetch.dotnet import VERSIONS
from tests.support.capabilities import Page

PAGE = Page(sensor.resolvers.dotnet)
FIXTURES = Path(__file__).parents[2] / "fixtures" / "dotnet"


def test_versions_that_are_said_to_be_run_are_those_of_the_live_tests() -> None:
    assert tuple(row[0] for row in PAGE.rows("Versions") if row[2] == "yes") == VERSIONS


def test_fixtures_that_are_said_to_be_there_are_there() -> None:
    said = {row[0] for row in PAGE.rows("Versions") if row[3] == "yes"}
    assert said == {folder.name.rpartition("-")[2] for folder in FIXTURES.iterdir()}


def test_every_gap_is_explained_and_no_other() -> None:
    said = PAGE.first_cells("What is said when something is not known")
    assert sorted(said) == sorted(str(reason) for reason in Reason)
    assert set(Reason) >= HARMLESS


def test_bounds_are_those_of_the_code() -> None:
    gaps = dict(PAGE.rows("What is said when something is not known"))
    assert f"{MAX_SIGHTINGS:,}" in gaps["`too many assemblies`"]
    manifest = gaps["`deps.json not readable`"]
    assert f"{depsjson.MAX_BYTES >> 20} MiB or {depsjson.MAX_FILES:,} files" in manifest
    assert f"more than {MAX_MANIFESTS} in a folder, more than {MAX_FOLDERS} folders" in manifest
    assert f"more than {MAX_TOTAL >> 20} MiB in all" in manifest
