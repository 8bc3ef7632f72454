"""Sorts the mapped files of a process: owned by which package, by none, or not to be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice, repeat
from typing import TYPE_CHECKING

from sensor.errors import FileRefused
from sensor.resolvers.ospkg.mapped import few
from sensor.resolvers.ospkg.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sensor.host.seam import File, Files
    from sensor.model.file import FileId
    from sensor.model.process import Mapping
    from sensor.resolvers.ospkg.owners import Owner, Owners

    OpenMapped = Callable[[Mapping], File]

# Sorting holds the caller: a stat takes 30 µs, a comparison by mapping 0.5 ms. A browser maps 300
# libraries, a Python process with all of a large environment 1,500; numbers differ seldom.
MAX_FILES = 2048
MAX_COMPARED = 256
# What an image's file systems hold: anything else was mounted into it.
TOPS = ("/", "/usr")


@dataclass(slots=True)
class Sorted:
    """`owned` are (mapping, its owners) in the order of the files, `told` are paths by reason."""

    owned: list[tuple[Mapping, list[Owner]]] = field(default_factory=list)
    told: dict[Reason, list[str]] = field(default_factory=dict)

    def gaps(self) -> list[list[str]]:
        """(reason, detail) of all that is not told as a package: one of each reason."""
        return [[str(reason), few(paths)] for reason, paths in sorted(self.told.items())]


def sort(files: Files, mapped: Sequence[Mapping], owners: Owners) -> Sorted:
    """Find the owner of each mapped file, if it is the file at its path and of the image."""
    found = Sorted()
    if len(mapped) > MAX_FILES:
        found.told[Reason.MANY_FILES] = [mapping.path for mapping in mapped[MAX_FILES:]]
        mapped = mapped[:MAX_FILES]
    owned = owners.of([mapping.path for mapping in mapped])
    unasked = owners.unasked([mapping.path for mapping in mapped])
    for mapping, doubt in zip(mapped, _doubts(files, mapped), strict=True):
        path = mapping.path
        if doubt in {None, Reason.DELETED} and path in owned:
            found.owned.append((mapping, owned[path]))
        nobody = Reason.MANY_ODD if path in unasked else Reason.UNOWNED
        reason = doubt or (None if path in owned else nobody)
        if reason:
            found.told.setdefault(reason, []).append(path)
    return found


def _doubts(files: Files, mapped: Sequence[Mapping]) -> list[Reason | None]:
    """Why the path of each mapping does not lead to it in the image; None where it does."""
    devices = {top.dev for top in files.stat_many(TOPS) if top}
    compare = islice(repeat(files.open_mapped), MAX_COMPARED)
    there = files.stat_many([mapping.path for mapping in mapped])
    return [
        _doubt(mapping, file, devices, compare) for mapping, file in zip(mapped, there, strict=True)
    ]


def _doubt(
    mapping: Mapping, file: FileId | None, devices: set[int], compare: Iterator[OpenMapped]
) -> Reason | None:
    if mapping.deleted:
        return Reason.DELETED
    if file is None or not (file.ino == mapping.inode or _same(mapping, compare)):
        return Reason.OTHER_FILE
    return None if file.dev in devices else Reason.MOUNTED


def _same(mapping: Mapping, compare: Iterator[OpenMapped]) -> bool:
    """Whether the file at the path is the mapped one: maps and stat may number it differently."""
    for open_mapped in compare:
        try:
            open_mapped(mapping).close()
        except FileRefused:
            break
        return True
    return False
