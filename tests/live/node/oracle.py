"""Which package each loaded file is of, by the package managers' own lists: independent of ours.

npm: the lock file that it leaves in node_modules. pnpm: the folder NAME@VERSION. yarn: its API,
asked inside the process (`programs/oracle.cjs`).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

# Name and version.
Known = tuple[str, str]
_PNPM = re.compile(r".*/node_modules/\.pnpm/((?:@[^+/]+\+)?[^@/]+)@([^_(/]+)[^/]*/node_modules/")


class Npm:
    """The packages below the folder in which `npm install` was run."""

    def __init__(self, folder: Path) -> None:
        lock = json.loads((folder / "node_modules" / ".package-lock.json").read_text())
        self._folder = f"{folder}/"
        self._rows = {place: self._known(place, row) for place, row in lock["packages"].items()}

    @staticmethod
    def _known(place: str, row: Mapping[str, str]) -> Known:
        """A package that is installed under another name says its own."""
        return row.get("name", place.rpartition("node_modules/")[2]), row["version"]

    def of(self, path: str) -> Known | None:
        """The package of a file; None when it lies elsewhere."""
        place = path.removeprefix(self._folder)
        while place and place != path:
            if place in self._rows:
                return self._rows[place]
            place = place.rpartition("/")[0]
        return None


def pnpm(path: str) -> Known | None:
    """The package of a file in pnpm's layout."""
    found = _PNPM.match(path)
    return (found[1].replace("+", "/"), found[2]) if found else None


def yarn(locators: Iterable[Mapping[str, str] | None]) -> set[Known]:
    """The packages that Plug'n'Play named; not the application, whose reference is a path."""
    found = {(one["name"], one["reference"]) for one in locators if one and one["name"]}
    return {
        (name, reference.rpartition("npm:")[2]) for name, reference in found if "npm:" in reference
    }
