"""Loaders that what the process itself names explains: what was only found is not asked for them.

A search finds archives that no loader reads (clients of a server, backups, other programs). They
must not make doubtful what was clear without them. A loader is settled when archives that are open,
mapped or on a path hold all its classes, and the directory or carrier that they lie in is that of
no other loader: two loaders of one directory may be two applications, of which one has closed its
own. Pure.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sensor.resolvers.java.owner import Chooser

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sensor.resolvers.java.owner import Known

# Classes of one loader by the hash of their name, with the archives that hold each.
Held = dict[int, list[int]]


def by_named(
    archives: Sequence[Known], loaders: Mapping[int, Held], homes: Mapping[int, Collection[str]]
) -> dict[int, Held]:
    """Those of the loaders that are settled, with the archives that count for them.

    `loaders` are loaders of their own that have no class which is in no archive.
    """
    named = frozenset(number for number, one in enumerate(archives) if not one.found)
    cuts = {index: cut for index, held in loaders.items() if (cut := _cut(held, named))}
    groups = {index: _groups(archives, cut, homes.get(index, ())) for index, cut in cuts.items()}
    times = Counter(group for found in groups.values() for group in found)
    return {
        index: cuts[index]
        for index, found in groups.items()
        if found and all(times[group] == 1 for group in found)
    }


def _cut(held: Held, named: Collection[int]) -> Held | None:
    """The same with named archives only; None when there is a class that they do not have."""
    cut = {name: [n for n in numbers if n in named] for name, numbers in held.items()}
    return cut if cut and all(cut.values()) else None


def _groups(archives: Sequence[Known], held: Held, home: Collection[str]) -> set[str]:
    """Directories and carriers that the classes came from; none when one class is not clear.

    A loader of its own seldom reads what is on the class path: perhaps another file has it.
    """
    choose = Chooser(archives, held.values(), home, by_path=False)
    numbers = {choose(one) for one in set(map(tuple, held.values()))}
    known = [archives[number] for number in numbers if number is not None]
    if len(known) != len(numbers) or any(one.position is not None for one in known):
        return set()
    return {one.group for one in known}
