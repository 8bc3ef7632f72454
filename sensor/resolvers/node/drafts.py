"""Packages in the making: whose modules are loaded, until their files are known to be there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sensor.model.finding import Depth, Evidence, Package, State
from sensor.resolvers.node.packagejson import NAME
from sensor.resolvers.node.places import MODULES, split
from sensor.resolvers.node.told import RUNTIME
from sensor.resolvers.node.words import ESM

if TYPE_CHECKING:
    from collections.abc import Container

    from sensor.resolvers.node.owners import Owner
    from sensor.resolvers.node.words import Module

# Reasons to believe that are kept of each package: a person needs one that still exists.
MAX_EVIDENCE = 3
# Why a copy inside another package is not known to be loaded in some version.
CONTAINED = "contained"


class Piece(NamedTuple):
    """One loaded module of a package, the folder of the package.json that says so."""

    module: Module
    owner: Owner

    @property
    def file(self) -> str:
        """What must be there: the file of the module, or the zip file that holds it."""
        parts = split(self.module.path) if self.owner.zipped else None
        return parts[0] if parts else self.module.path

    def evidence(self, mapped: Container[str], at: float) -> Evidence:
        """What a person can check. `mapped` are the paths of mapped addons, `at` is when."""
        path = self.module.path
        seen, source = "Module._cache", "memory"
        if self.module.kind == ESM:
            seen = "ES module"
        if path in mapped:
            seen, source = "mapping", "maps"
        return Evidence(seen, source, path, self._detail(), at)

    def _detail(self) -> str:
        said = f"by {self.owner.folder}/{NAME}"
        if f"/{MODULES}/" not in self.owner.folder:
            said += ", which lies in no node_modules"
        return said + (", in a worker thread" if self.module.worker else "")

    def order(self) -> tuple[bool, str]:
        """Code before data: a package.json that is loaded says the least."""
        return self.module.path.endswith(".json"), self.module.path


class Draft(NamedTuple):
    """One package, and its pieces in order of what they say."""

    owner: Owner
    pieces: list[Piece]

    def first(self) -> list[str]:
        """The files of the pieces that can become evidence."""
        return [piece.file for piece in self.pieces[:MAX_EVIDENCE]]

    def rest(self, gone: Container[str]) -> list[str]:
        """The files to look at when none of the first ones is there."""
        if any(file not in gone for file in self.first()):
            return []
        return [piece.file for piece in self.pieces[MAX_EVIDENCE:]]

    def package(self, gone: Container[str], mapped: Container[str], at: float) -> Package | None:
        """The fact; None when no file of it is there."""
        there = [piece for piece in self.pieces if piece.file not in gone][:MAX_EVIDENCE]
        if not there:
            return None
        _, name, version, inside, _ = self.owner
        # Its code is loaded, but that it is a copy of this package is all that is known.
        contained = inside is not None and version is None
        return Package(
            purl=self.owner.purl,
            name=name,
            version=version,
            runtime=RUNTIME,
            state=State.UNKNOWN if contained else State.LOADED,
            depth=None if contained else Depth.LOADED,
            evidence=tuple(piece.evidence(mapped, at) for piece in there),
            reason=CONTAINED if contained else None,
            inside=inside,
        )


class Drafts:
    """All packages of one look, by purl and carrier."""

    def __init__(self) -> None:
        """None so far."""
        self._drafts: dict[tuple[str, str], Draft] = {}

    def add(self, owner: Owner, module: Module) -> None:
        """One more module of a package."""
        key = (owner.purl, owner.inside or "")
        draft = self._drafts.setdefault(key, Draft(owner, []))
        draft.pieces.append(Piece(module, owner))

    def ordered(self) -> list[Draft]:
        """In order of purl and carrier."""
        for draft in self._drafts.values():
            draft.pieces.sort(key=Piece.order)
        return [self._drafts[key] for key in sorted(self._drafts)]
