"""The code that lies in no node_modules: that of an application, with what bundlers put into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensor.resolvers.node import bundles, told
from sensor.resolvers.node.bundles import Bundles, Contents

if TYPE_CHECKING:
    from sensor.host.seam import Cache, Files
    from sensor.model.budget import Budget
    from sensor.model.finding import Package
    from sensor.resolvers.node.told import Told

# Files that are looked into for bundles.
MAX_OWN = 2_000


class Application:
    """The loaded files of one or more applications in one process."""

    def __init__(self) -> None:
        """None so far."""
        # Files of an application that is no package: nothing else proves that they are there.
        self.lone: list[str] = []
        self._purls: dict[str, str | None] = {}

    def add(self, path: str, purl: str | None) -> None:
        """One more file, and the purl of its application if it has one."""
        if purl is None:
            self.lone.append(path)
        if bundles.can_be(path):
            self._purls[path] = purl

    def _paths(self) -> list[str]:
        return sorted(self._purls)[:MAX_OWN]

    def look(self, files: Files, cache: Cache, done: list[Any], budget: Budget) -> bool:
        """Look into the files; False when the slice is over before the end.

        `done` gets what was found: plain data, with which to go on.
        """
        reader = Bundles(files, cache)
        for path in self._paths()[len(done) :]:
            found = reader.contents(path)
            done.append(found and found.plain())
            if budget.due():
                return False
        return True

    def packages(self, done: list[Any], at: float, told_of: Told) -> list[Package]:
        """The packages of bundles, seen at the time `at`; what is not known is told."""
        if len(self._purls) > MAX_OWN:
            told_of.add(told.MANY_OWN, f"{len(self._purls)}, more than {MAX_OWN}")
        found: list[Package] = []
        for path, said in zip(self._paths(), done, strict=True):
            if said is None:
                continue
            contents = Contents.from_plain(said)
            if not contents.known:
                told_of.add(told.BUNDLED, f"{path} ({contents.maker})")
            inside = self._purls[path]
            found += [bundles.package(part, contents, inside, at) for part in contents.parts]
        return found
