"""Native addons: the .node files that a process maps. They show even when memory is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensor.resolvers.node.words import ADDON, Module

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sensor.model.process import Mapping

SUFFIX = ".node"


def mapped(maps: Iterable[Mapping]) -> frozenset[str]:
    """The paths of mapped addons, as the process sees them."""
    return frozenset(m.path for m in maps if m.inode and m.path.endswith(SUFFIX))


def with_mapped(modules: Sequence[Module], paths: Iterable[str]) -> list[Module]:
    """The modules and the mapped addons that are not among them, each path once, in order."""
    known = {module.path: module for module in reversed(modules)}
    return sorted(({path: Module(path, ADDON) for path in paths} | known).values())
