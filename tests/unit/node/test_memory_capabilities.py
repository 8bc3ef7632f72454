"""CAPABILITIES.md says what the tests and the code have: versions, gaps of memory, bounds."""

from __future__ import annotations

import sensor.resolvers.node
from sensor.resolvers.node import caches, find, heap, reasons
from tests.fetch.node import NODES
from tests.support.capabilities import Page

PAGE = Page(sensor.resolvers.node)


def test_versions_are_those_of_the_toolbox() -> None:
    assert {row[0]: row[1] for row in PAGE.rows("Versions")} == NODES


def test_every_gap_is_explained_and_no_other() -> None:
    said = set(PAGE.first_cells("What is said when memory does not tell"))
    names = {name for name in vars(reasons) if name.isupper()} - {"HARMLESS", "TYPE_CHECKING"}
    assert said == {getattr(reasons, name) for name in names}


def test_bounds_are_those_of_the_code() -> None:
    assert f"more than {find.MAX_ESM:,} ES modules, or {find.MAX_ISOLATES} caches" in PAGE
    assert f"more than {caches.MAX_LOOKED:,} objects" in PAGE
    assert f"longer than {heap.MAX_TEXT:,} characters, a rope deeper than {heap.MAX_DEPTH}" in PAGE
