"""CAPABILITIES.md says what the tests and the code have: versions, fixtures, gaps, bounds."""

from __future__ import annotations

import json

import sensor.resolvers.python
from sensor.resolvers.python import locate, progress, walk
from sensor.resolvers.python.objects import MAX_TEXT
from sensor.resolvers.python.resolve import CLOSED, SPENT
from tests.replay.python.expected import FIXTURES
from tests.support.capabilities import Page
from tests.toolbox import FREE_THREADED, NATIVE_PYTHONS, ROOT_PYTHONS

PAGE = Page(sensor.resolvers.python)


def test_versions_are_those_of_the_fixtures() -> None:
    said = {row[0]: (row[1], row[2]) for row in PAGE.rows("Versions")}
    found = {}
    for folder in FIXTURES.glob("cpython-*"):
        how = json.loads((folder / "expected.json").read_text())["how"]
        release, way = how.removeprefix("CPython ").split(", 1 interpreter, sys.modules by ")
        found[folder.name.removeprefix("cpython-")] = (release, way)
    assert said == found


def test_versions_are_those_of_the_live_tests() -> None:
    live = {row[0] for row in PAGE.rows("Versions") if row[3] == "yes"}
    assert live == {*NATIVE_PYTHONS, *ROOT_PYTHONS, *FREE_THREADED}


def test_every_gap_is_explained_and_no_other() -> None:
    said = set(PAGE.first_cells("What is said when something is not known"))
    of_walk = {
        progress.CHANGING,
        progress.UNREADABLE,
        progress.STARTING,
        progress.NAMES,
        progress.ATTRIBUTES,
        progress.OPAQUE,
        progress.TOO_MANY,
    }
    of_locate = {locate.NOT_FOUND, *locate.REASONS.values()} - {locate.NOT_STARTED}
    of_resolve = {CLOSED, SPENT, "PyPy", "Python 2"}
    assert said == of_walk | of_locate | of_resolve


def test_bounds_are_those_of_the_code() -> None:
    assert f"longer than {MAX_TEXT:,} characters" in PAGE
    assert f"more than {walk.MAX_ALL:,} in all" in PAGE
