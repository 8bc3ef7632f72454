"""Trees of packages in memory, and whole mappings of modules that a process could claim."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson

from sensor.host.cache import FileCache
from sensor.model import process as words
from sensor.model.budget import Budget
from sensor.resolvers.node.packages import Mapped, packages_of
from sensor.resolvers.node.words import CJS, Module
from tests.support.tree import Tree, TreeProcess

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sensor.host.seam import Cache
    from sensor.model.file import FileId
    from sensor.model.finding import Plain

APP = "/app"
MODULES = f"{APP}/node_modules"


class JsonCache(FileCache):
    """A cache that keeps what JSON keeps."""

    def put(self, kind: str, file: FileId, value: Plain) -> None:
        super().put(kind, file, orjson.loads(orjson.dumps(value)))


class MappingProcess(TreeProcess):
    """A process of a tree that maps these files."""

    def __init__(self, tree: Tree, paths: Iterable[str]) -> None:
        super().__init__(tree)
        self._maps = [words.Mapping(0, 4096, "r-xp", 0, "fe:01", 7, path) for path in paths]

    def maps(self) -> Sequence[words.Mapping]:
        return self._maps


def package(folder: str, name: str, version: str | None, **more: Any) -> dict[str, str]:  # noqa: ANN401
    """The files of a package with one module."""
    described = {"name": name, "version": version, **more}
    kept = {key: value for key, value in described.items() if value is not None}
    return {f"{folder}/package.json": json.dumps(kept), f"{folder}/index.js": ""}


def look(
    tree: Tree,
    paths: Iterable[str | Module],
    cache: Cache | None = None,
    mapped: Iterable[str] = (),
    seconds: float = 60,
) -> tuple[Mapped, int]:
    """A whole mapping in slices of some steps of 50 ms; and how many slices it took."""
    modules = [one if isinstance(one, Module) else Module(one, CJS) for one in paths]
    process, known, progress = MappingProcess(tree, mapped), cache or FileCache(), None
    for slices in range(1, 1000):
        ticks = iter(range(1_000_000))
        budget = Budget(tree.meter, seconds=seconds, clock=lambda t=ticks: 0.05 * next(t))  # type: ignore[misc]
        found = packages_of(process, budget, known, modules, progress)
        if not found.more:
            return found, slices
        assert (found.packages, found.gaps) == ((), ())
        progress = orjson.loads(orjson.dumps(found.progress))
    raise AssertionError("it does not end")


def found_in(files: Mapping[str, str | bytes], *paths: str | Module) -> Mapped:
    """The mapping of these modules in a tree of these files."""
    return look(Tree(files), paths)[0]


def known(found: Mapped) -> list[tuple[str, str | None]]:
    """Purl and carrier of each package."""
    return [(one.purl, one.inside) for one in found.packages]


def gaps(found: Mapped) -> dict[str, str]:
    """Details of the gaps, by reason."""
    assert len({gap.reason for gap in found.gaps}) == len(found.gaps)
    return {gap.reason: gap.detail for gap in found.gaps}
