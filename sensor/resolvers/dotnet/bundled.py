"""Which assemblies of a single-file program are mapped. Mappings and numbers in, no reading.

An assembly without machine code is mapped whole, shared and to be read. Of one with machine code
each section is mapped by itself and privately, its headers first (measured on .NET 10). Files
follow each other at multiples of 64 bytes, so small ones can begin on one page, and the last page
of one can be the first of the next: headers count only with code of the same file behind them, and
where a mapping can be of several files, none is believed.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from sensor.formats.netbundle import ASSEMBLY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sensor.formats.netbundle import Entry
    from sensor.model.process import Mapping

PAGE = 4096
# One file of a bundle is mapped once or twice; a program can map a page as often as it likes.
MAX_SAME = 16


class Loaded(NamedTuple):
    """The assemblies that are mapped, with their first mapping; and those that may be."""

    sure: list[tuple[Entry, Mapping]]
    unsure: list[Entry]


def loaded(own: Sequence[Mapping], entries: Iterable[Entry]) -> Loaded:
    """What the mappings of the program's own file say of the files in it."""
    pages = _Pages(own)
    fitting: dict[Entry, list[Mapping]] = {}
    claims: dict[Mapping, int] = {}
    for entry in entries:
        if entry.kind == ASSEMBLY and not entry.packed:
            fitting[entry] = pages.of(entry)
            for mapping in fitting[entry]:
                claims[mapping] = claims.get(mapping, 0) + 1
    found = Loaded([], [])
    for entry, mappings in fitting.items():
        alone = [mapping for mapping in mappings if claims[mapping] == 1]
        # As many mappings as files that begin there: each of them is mapped.
        if alone or (mappings and len(mappings) >= max(claims[m] for m in mappings)):
            found.sure.append((entry, (alone or mappings)[0]))
        elif mappings:
            found.unsure.append(entry)
    return found


class _Pages:
    """The mappings of one file by where they begin in it."""

    def __init__(self, own: Sequence[Mapping]) -> None:
        self._starts: dict[int, list[Mapping]] = {}
        for mapping in own:
            same = self._starts.setdefault(mapping.offset, [])
            if len(same) < MAX_SAME:
                same.append(mapping)
        self._code = sorted((m.start, m.offset, m.offset + m.size) for m in own if "x" in m.perms)

    def of(self, entry: Entry) -> list[Mapping]:
        """The mappings with which an entry may begin in memory."""
        first = entry.offset // PAGE * PAGE
        end = -(-(entry.offset + entry.size) // PAGE) * PAGE
        return [
            mapping
            for mapping in self._starts.get(first, ())
            if mapping.perms.startswith("r--") and self._fits(mapping, first, end)
        ]

    def _fits(self, mapping: Mapping, first: int, end: int) -> bool:
        """Whether it is the whole file, or its headers, before its code."""
        if mapping.perms.endswith("s"):
            return mapping.size == end - first
        at = bisect_right(self._code, (mapping.start,))
        if at == len(self._code):
            return False
        _, start, stop = self._code[at]
        return first <= start and stop <= end
