"""CAPABILITIES.md says what the tests and the code have: databases, fixtures, gaps, bounds."""

from __future__ import annotations

from pathlib import Path

import sensor.resolvers.ospkg
from sensor.formats import dpkg
from sensor.resolvers import debianroot
from sensor.resolvers.ospkg.databases import DATABASES
from sensor.resolvers.ospkg.mapped import few
from sensor.resolvers.ospkg.reading import MAX_ODD
from sensor.resolvers.ospkg.reasons import HARMLESS, Reason
from sensor.resolvers.ospkg.sorting import MAX_FILES
from tests.support.capabilities import Page

PAGE = Page(sensor.resolvers.ospkg)
FIXTURES = Path(__file__).parents[2] / "fixtures" / "ospkg"


def test_fixtures_that_are_said_to_be_there_are_there() -> None:
    said = {row[4] for row in PAGE.rows("Databases")} - {"no"}
    assert said == {folder.name for folder in FIXTURES.iterdir()}


def test_databases_are_those_of_the_code() -> None:
    table = PAGE.rows("Databases")
    recognised = {row[0].split()[0]: row[1].split(", ") for row in table if row[2] != "yes"}
    assert list(recognised) == [database.tool for database in DATABASES]
    for database in DATABASES:
        places = {path.rpartition("/")[0] for path in database.paths}
        assert places == set(recognised[database.tool])
    assert {row[1] for row in table if row[2] == "yes"} == {
        f"{dpkg.STATUS}, info/*.list",
        dpkg.STATUS_PARTS,
    }


def test_every_gap_is_explained_and_no_other() -> None:
    said = PAGE.first_cells("What is said when something is not known")
    assert sorted(said) == sorted(str(reason) for reason in Reason)


def test_what_leaves_the_coverage_complete() -> None:
    sentence = " ".join(PAGE.text.split("The first files of a gap are named, not all.")[1].split())
    named = sentence.split("leave the coverage complete")[0]
    assert {str(reason) for reason in Reason if f"`{reason}`" in named} == set(HARMLESS)


def test_bounds_are_those_of_the_code() -> None:
    assert f"more than {MAX_FILES:,}" in PAGE
    assert f"more than {MAX_ODD} mapped files" in PAGE
    assert f"larger than {dpkg.MAX_LIST >> 20} MiB" in PAGE
    assert f"more than {debianroot.MAX_LISTS:,}" in PAGE
    assert few(["a"] * 6).endswith("and 1 more")
