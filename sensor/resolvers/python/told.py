"""Gaps of the mapping: few, sorted, countable by their reason."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from sensor.model import telling
from sensor.resolvers.python.drafts import RUNTIME

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sensor.model.finding import Gap
    from sensor.resolvers.python.modules import Module

# Names in the detail of one gap, and gaps of one reason; beyond them only the number is told.
MAX_NAMES = 10
MAX_SAME = 20
# A name is a key of sys.modules, which can be any text.
MAX_NAME = 200


# The program itself, and what PyInstaller starts it by.
STARTERS = re.compile(r"|__main__|pyimod\d\d_\w+|pyi_rth_\w+")


class Told:
    """Collects the gaps of one look."""

    def __init__(self) -> None:
        """None so far."""
        self._told: set[tuple[str, str]] = set()

    def add(self, reason: str, detail: str) -> None:
        """One more; equal ones are told once."""
        self._told.add((reason, detail))

    def gaps(self) -> tuple[Gap, ...]:
        """All, sorted, few of each reason."""
        return telling.few_gaps(RUNTIME, self._told, MAX_SAME)


def few(names: Iterable[str]) -> str:
    """The first names in order, and how many more there are."""
    return telling.few(sorted({name[:MAX_NAME] for name in names}), MAX_NAMES)


def top(path: str) -> str:
    """The import name on top of a path below an import root."""
    return path.partition("/")[0].partition(".")[0]


def frozen_names(modules: Sequence[Module], owned: frozenset[str]) -> list[str]:
    """Top-level modules of a frozen program that no metadata explains, with their own version."""
    names: dict[str, str] = {}
    for module in modules:
        head = module.name.partition(".")[0]
        if head not in owned and head not in sys.stdlib_module_names and module.file:
            names.setdefault(head, "")
        if module.version and head == module.name and head in names:
            names[head] = f" (says {module.version})"
    return [name + version for name, version in names.items() if not STARTERS.fullmatch(name)]
