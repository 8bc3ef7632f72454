"""Gaps of the mapping to packages: constant reasons, few of each. CAPABILITIES.md explains them."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from sensor.model.finding import Gap
from sensor.model.telling import few

RUNTIME: Final = "node"

BAD_PATH: Final = "path of a module not usable"
BUNDLED: Final = "bundled code: its packages are not known"
DAMAGED: Final = "package.json damaged"
MANY_MODULES: Final = "more modules than are mapped"
MANY_OWN: Final = "more files of the application than are looked into"
NOT_THERE: Final = "claimed file is not there"
NO_NAME: Final = "package.json without a name"
REFUSED: Final = "package.json refused"
UNOWNED: Final = "module of no package"
VERSION: Final = "version not in package.json"
ZIP: Final = "zip file of a package not read"

# These leave no package unseen.
HARMLESS: Final = frozenset((VERSION,))

# Names in the detail of one gap; beyond them only their number is told.
MAX_NAMES = 10
MAX_NAME = 300


class Told:
    """Collects the gaps of one look: one for each reason."""

    def __init__(self) -> None:
        """None so far."""
        self._names: dict[str, set[str]] = defaultdict(set)

    def add(self, reason: str, name: str) -> None:
        """One more; equal ones are told once."""
        self._names[reason].add(name[:MAX_NAME])

    def gaps(self) -> tuple[Gap, ...]:
        """All, sorted by reason."""
        return tuple(
            Gap(RUNTIME, reason, few(sorted(names), MAX_NAMES))
            for reason, names in sorted(self._names.items())
        )
