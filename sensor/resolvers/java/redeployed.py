"""Loaders of an application that was deployed anew, into the same place, while the JVM runs. Pure.

The loader before stays until the garbage collector takes it, or for good where something holds it.
Its archives are closed and replaced: what is there now is of the loader after it. Two loaders that
have a class that one archive alone holds, written since the JVM began, are such a pair.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sensor.resolvers.java.owner import Known


def earlier(
    archives: Sequence[Known], held: Sequence[Mapping[int, Sequence[int]]], own: Collection[int]
) -> dict[int, set[str]]:
    """By the index of an earlier loader the groups of archives that are a later one's.

    `held` are the archives that hold each class, for each loader, the newest first; `own` are the
    indexes of loaders of their own, which are asked about.
    """
    taken: set[tuple[int, int]] = set()
    found: dict[int, set[str]] = {}
    for index in sorted(own):
        # Of a class that several archives hold each loader may have its own.
        mine = {
            (name, numbers[0])
            for name, numbers in held[index].items()
            if len(numbers) == 1 and archives[numbers[0]].fresh
        }
        if both := mine & taken:
            found[index] = {archives[number].group for _, number in both}
        taken |= mine
    return found


def without(
    mine: Mapping[int, list[int]], archives: Sequence[Known], lost: Collection[str]
) -> dict[int, list[int]]:
    """The same without fresh archives of groups that are lost: of some classes none is left."""
    return {
        name: [n for n in numbers if not (archives[n].fresh and archives[n].group in lost)]
        for name, numbers in mine.items()
    }
