"""Which archive a class came from, when several known ones hold it. Pure; never a guess.

The application's loader asks its class path in order. Other loaders are known by what only one
place can have given them: a directory or a carrier whose archives alone hold some class of theirs.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from sensor.resolvers.java.candidates import MODULE, Position

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence


class Known(NamedTuple):
    """What ownership needs of an archive.

    `group` is the directory or carrier that it lies in, `order` its place in the order in which
    such a group is asked (None: not known), `position` its place on the class path. `found` says
    that a search has found it and nothing of the process names it; `fresh` that it was written or
    came there since the JVM began.
    """

    group: str
    order: int | None
    position: Position | None
    descriptor: int | None
    found: bool = False
    fresh: bool = False


class Chooser:
    """Chooses for the classes of one loader, of which each stands for the archives that hold it."""

    def __init__(
        self,
        archives: Sequence[Known],
        holders: Collection[Sequence[int]],
        home: Collection[str],
        *,
        by_path: bool,
    ) -> None:
        """`by_path`: it is the application's own loader, which asks the class path.

        `home` are groups that it is known to read.
        """
        self._archives = archives
        self._holders = holders
        self._home = set(home)
        self._by_path = by_path

    def __call__(self, held: Sequence[int]) -> int | None:
        """The archive that gave the class; None when it is not clear."""
        number = by_class_path(self._archives, held) if self._by_path else None
        return by_group(self._archives, held, self._anchors) if number is None else number

    @cached_property
    def _anchors(self) -> set[str]:
        return self._home | anchors(self._archives, self._holders)


def anchors(archives: Sequence[Known], holders: Iterable[Sequence[int]]) -> set[str]:
    """The groups that alone can have given a class, of the holders of each class of one loader."""
    groups = ({archives[number].group for number in held} for held in holders)
    return {next(iter(found)) for found in groups if len(found) == 1}


def by_class_path(archives: Sequence[Known], held: Sequence[int]) -> int | None:
    """The first on the class path; None when none is on it, or it cannot be told."""
    listed = [number for number in held if archives[number].position is not None]
    ranks = sorted((_rank(archives[number]), number) for number in listed)
    if not ranks or _doubtful([rank for rank, _ in ranks]):
        return None
    return ranks[0][1]


def by_group(archives: Sequence[Known], held: Sequence[int], anchored: set[str]) -> int | None:
    """The only one, or the first of the only group that is anchored; None when it is not clear."""
    if len(held) == 1:
        return held[0]
    inside = [number for number in held if archives[number].group in anchored]
    if len({archives[number].group for number in inside}) != 1:
        return None
    if len(inside) == 1:
        return inside[0]
    orders = sorted((archives[n].order, n) for n in inside if archives[n].order is not None)
    return orders[0][1] if len(orders) == len(inside) else None


def _rank(known: Known) -> tuple[Position, float]:
    """JARs of one wildcard are opened in its order: one that is not open was not asked yet."""
    number = math.inf if known.descriptor is None else known.descriptor
    return known.position or (), number


def _doubtful(ranks: list[tuple[Position, float]]) -> bool:
    """Two that could both be the first."""
    if len(ranks) == 1:
        return False
    return ranks[0] == ranks[1] or ranks[0][0] == MODULE
