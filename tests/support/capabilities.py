"""A resolver's CAPABILITIES.md as its tests compare it with the code: the page and its tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType


class Page:
    """The CAPABILITIES.md of a resolver's package."""

    def __init__(self, package: ModuleType) -> None:
        (folder,) = package.__path__
        self.text = Path(folder, "CAPABILITIES.md").read_text()

    def __contains__(self, words: str) -> bool:
        return words in self.text

    def rows(self, heading: str) -> list[list[str]]:
        """The cells of the table below a heading, without its first two lines."""
        section = self.text.split(f"## {heading}\n")[1].split("\n## ")[0]
        lines = [line for line in section.splitlines() if line.startswith("|")]
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]

    def first_cells(self, heading: str) -> list[str]:
        """Of each row the first cell, without the marks of code."""
        return [row[0].strip("`") for row in self.rows(heading)]
