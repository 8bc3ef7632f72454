"""CAPABILITIES.md says what the tests and the code have: versions, gaps of memory, bounds."""

from __future__ import annotations

from pathlib import Path

from sensor.resolvers.node import caches, find, heap, reasons
from tests.fetch.node import NODES

PAGE = Path(reasons.__file__).with_name("CAPABILITIES.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its first two lines."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_versions_are_those_of_the_toolbox() -> None:
    assert {row[0]: row[1] for row in rows("Versions")} == NODES


def test_every_gap_is_explained_and_no_other() -> None:
    said = {row[0].strip("`") for row in rows("What is said when memory does not tell")}
    names = {name for name in vars(reasons) if name.isupper()} - {"HARMLESS", "TYPE_CHECKING"}
    assert said == {getattr(reasons, name) for name in names}


def test_bounds_are_those_of_the_code() -> None:
    assert f"more than {find.MAX_ESM:,} ES modules, or {find.MAX_ISOLATES} caches" in PAGE
    assert f"more than {caches.MAX_LOOKED:,} objects" in PAGE
    assert f"longer than {heap.MAX_TEXT:,} characters, a rope deeper than {heap.MAX_DEPTH}" in PAGE
