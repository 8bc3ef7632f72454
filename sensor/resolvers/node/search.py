"""Look through the memory of a process for words, in steps that can stop at a budget.

A cursor is an address: mappings come and go between two slices, addresses stay.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from sensor.resolvers.node.layouts import WORD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.formats.source import Range
    from sensor.host.seam import Process

# Searching this much takes about 20 ms for each word.
STEP = 32 << 20
# Of one step, so many places at most: what follows is the next step. 2,000 dictionaries take 30 ms.
MAX_HITS = 2_000

# Seven of the eight bytes: with a second zero at the end, bytes.find is three times slower.
PATTERN = 7

_WORD = Struct("<Q")


class Step(NamedTuple):
    """The places of each word, and where the next step begins; None when it was the last."""

    hits: list[list[int]]
    next: int | None


def step(
    process: Process, ranges: Sequence[Range], at: int, words: Sequence[int], size: int = STEP
) -> Step:
    """Find words at aligned addresses from `at` on, all but their highest byte. `ranges` ascend."""
    part, following = _part(ranges, at, size)
    found = [process.find(_WORD.pack(word)[:PATTERN], part, limit=MAX_HITS) for word in words]
    cut = [hits[-1] for hits in found if len(hits) == MAX_HITS]
    if cut:
        following = min(cut) + WORD
        found = [[hit for hit in hits if hit < following] for hits in found]
    return Step([[hit for hit in hits if hit % WORD == 0] for hits in found], following)


def _part(ranges: Sequence[Range], at: int, limit: int) -> tuple[list[Range], int | None]:
    """The ranges from `at` on, so many bytes of them, and the address behind."""
    part: list[Range] = []
    left = limit
    for start, size in ranges:
        begin, end = max(start, at), start + size
        if begin >= end:
            continue
        if left == 0:
            return part, begin
        length = min(end - begin, left)
        part.append((begin, length))
        left -= length
        if begin + length < end:
            return part, begin + length
    return part, None
