"""Words of memory of which pages are absent: what is there counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sensor.resolvers.node import areas
from sensor.resolvers.node.layouts import WORD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.formats.source import Range
    from sensor.host.seam import Process

PAGE = 4096


class Holes:
    """Memory whose every word is its own address, but for pages that are absent."""

    def __init__(self, *absent: int) -> None:
        self._absent = {page // PAGE for page in absent}

    def read(self, ranges: Sequence[Range]) -> list[bytes | None]:
        return [self._one(start, size) for start, size in ranges]

    def _one(self, start: int, size: int) -> bytes | None:
        if self._absent & set(range(start // PAGE, (start + size - 1) // PAGE + 1)):
            return None
        return b"".join(at.to_bytes(WORD, "little") for at in range(start, start + size, WORD))


def test_words_of_pages_that_are_there_and_nothing_of_others() -> None:
    process = cast("Process", Holes(2 * PAGE))
    first, second = areas.words(process, [(2 * PAGE - 16, PAGE + 32), (5 * PAGE, 8)])
    there = [2 * PAGE - 16, 2 * PAGE - 8]
    assert first == (*there, *[0] * (PAGE // WORD), 3 * PAGE, 3 * PAGE + 8)
    assert second == (5 * PAGE,)
