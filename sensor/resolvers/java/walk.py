"""Read the classes of all loaders: consistent, sliced, bounded.

A loader's classes count when the loader is still in the graph after they were read, and its list
still leads to where the reading began: loaders leave as a whole, and classes are only prepended. So
only what is new since is read in the next pass, until a pass finds nothing new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sensor.resolvers.java.graph import MAX_LOADERS, Graph, graph_of
from sensor.resolvers.java.klasses import Reader

if TYPE_CHECKING:
    from sensor.model.budget import Budget
    from sensor.resolvers.java.graph import Cld
    from sensor.resolvers.java.klasses import Piece
    from sensor.resolvers.java.library import Library
    from sensor.resolvers.java.memory import Memory
    from sensor.resolvers.java.progress import Progress

# Classes in one step between two questions to the budget: 2,000 take 20 ms.
STEP = 2000
# The largest application measured has 26,000 classes, and a tenth as many arrays.
MAX_CLASSES = 200_000
# While classes come without pause: what is read after so many passes is right, but not all.
PASSES = 6


class Walked(NamedTuple):
    """The end of a walk: the loaders that are there now, and whether nothing is missing.

    `settled` says that the last pass found nothing new, `whole` that the graph could be read to its
    end, `bounded` that there are more classes than are read.
    """

    loaders: list[Cld]
    settled: bool
    whole: bool
    bounded: bool


def walk(memory: Memory, library: Library, budget: Budget, progress: Progress) -> Walked | None:
    """Go on with a walk; None when the budget is used up before its end.

    Each call reads at least one piece, so that the walk ends whatever the budget is.
    """
    return _Walk(memory, library, budget, progress).run()


class _Todo(NamedTuple):
    """Classes of a loader to read: from `first` on, up to `until`; then it is read from `head`."""

    loader: int
    head: int
    until: int
    first: int


class _Walk:
    def __init__(
        self, memory: Memory, library: Library, budget: Budget, progress: Progress
    ) -> None:
        self._memory = memory
        self._library = library
        self._budget = budget
        self._progress = progress
        self._met: dict[int, Cld] = {}

    def run(self) -> Walked | None:
        """Pass after pass."""
        progress = self._progress
        while True:
            graph = graph_of(self._memory, self._library, self._met or progress.met)
            todo = self._compare(graph)
            settled = graph.whole and not todo
            bounded = progress.read > MAX_CLASSES
            passes = 1 if len(graph.loaders) >= MAX_LOADERS else PASSES
            if settled or bounded or progress.passes >= passes:
                progress.met = []
                return Walked(self._loaders(graph), settled, graph.whole, bounded)
            if not self._pass(todo):
                return None
            progress.passes += 1

    def _loaders(self, graph: Graph) -> list[Cld]:
        """The loaders that are there; of a list that was torn again and again all that were met."""
        return graph.loaders if graph.whole else list(self._met.values())

    def _compare(self, graph: Graph) -> list[_Todo]:
        """What is new since the reading; what is gone is dropped."""
        progress = self._progress
        self._met |= {loader.address: loader for loader in graph.loaders}
        progress.met = [loader.address for loader in graph.loaders]
        # A loader that was made for one hidden class has that one.
        progress.hidden = sum(1 for loader in graph.loaders if loader.hidden and loader.head)
        there = {f"{loader.address:x}": loader for loader in graph.loaders if not loader.hidden}
        if graph.whole:
            for name in [name for name in progress.counts if name not in there]:
                progress.drop(name)
        if progress.at and f"{progress.at[0]:x}" not in there:
            progress.at = []
        return [self._todo(c) for n, c in there.items() if c.head != progress.heads.get(n, 0)]

    def _todo(self, loader: Cld) -> _Todo:
        address, head = loader.address, loader.head
        if self._progress.at[:1] == [address]:
            _, before, until, following = self._progress.at
            return _Todo(address, before, until, following)
        until = self._progress.heads.get(f"{address:x}", 0)
        return _Todo(address, head, until, head)

    def _pass(self, todo: list[_Todo]) -> bool:
        """Read what is new; False when the budget is used up."""
        reader = Reader(self._memory, self._library.layout)
        reader.prefetch(part.first for part in todo[:STEP])
        steps = 0
        for part in todo:
            following = part.first
            while following:
                piece = reader.piece(part.loader, following, part.until, STEP)
                following = self._take(part, piece)
                steps += 1 + piece.read
                if self._progress.read > MAX_CLASSES:
                    return True
                if steps >= STEP:
                    steps = 0
                    if self._budget.due():
                        return False
        return True

    def _take(self, part: _Todo, piece: Piece) -> int:
        """Note a piece; the class to go on with, 0 at the end of what is new."""
        progress, name = self._progress, f"{part.loader:x}"
        progress.read += piece.read
        if piece.torn:
            # Its memory may be another's by now: read it anew, if it is still there.
            progress.drop(name)
            progress.at = []
            return 0
        progress.add(part.loader, piece.classes, piece.hidden)
        progress.unnamed += piece.unnamed
        progress.absent += piece.absent
        following = 0 if piece.absent else piece.following
        progress.at = [part.loader, part.head, part.until, following] if following else []
        if not following:
            progress.heads[name] = part.head
        return following
