"""All classes of a JVM, in slices: the library, the counters, the walk, the kinds of loaders.

The answer says whether it is whole: the walk's own checks, and the JVM's count of its classes.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from sensor.errors import Malformed
from sensor.resolvers.java import walk
from sensor.resolvers.java.counters import (
    BEGAN,
    CLASS_PATH,
    HOME,
    VERSION,
    Counters,
    counters_of,
    release_of,
)
from sensor.resolvers.java.kinds import Kinds
from sensor.resolvers.java.klasses import Reader
from sensor.resolvers.java.progress import Progress
from sensor.resolvers.java.reasons import Reason
from sensor.resolvers.java.watch import count_now, watch
from sensor.resolvers.java.words import UNREADABLE, Loader, Machine

if TYPE_CHECKING:
    from sensor.model.budget import Budget
    from sensor.model.finding import Plain
    from sensor.resolvers.java.graph import Cld
    from sensor.resolvers.java.library import Library
    from sensor.resolvers.java.memory import Memory
    from sensor.resolvers.java.walk import Walked

# The walk's count and the JVM's own may differ by so much before the walk is called incomplete:
# classes come and go between the two readings.
TOLERANCE = 0.02

Told = list[tuple[Reason, str]]
# Plain data: a JSON object.
State = dict[str, Any]


class Classes:
    """What memory says: loaders that have named classes, and (reason, detail) of what is missing.

    `total` counts all classes, the hidden ones of other loaders too; `counted` is the JVM's count
    at the start, None when it keeps none, and `why`. The classes are unpacked when they are asked
    for.
    """

    def __init__(self, state: State) -> None:
        """Use the state of a finished walk."""
        self._state = state
        self._progress = Progress(**state["walk"])
        self.told: Told = [(Reason(reason), detail) for reason, detail in state["told"]]
        self.machine = Machine(*state["machine"])
        self.total = self._progress.total
        self.counted: int | None = state["count"]
        self.why: str = state["why"]

    @cached_property
    def loaders(self) -> list[Loader]:
        """The loaders and their classes."""
        found = self._progress.classes()
        return [
            Loader(address, kind, tuple(found.get(address, ())), hidden)
            for address, kind, hidden in self._state["loaders"]
        ]


def begun(memory: Memory, library: Library) -> State:
    """The state of a look that has read nothing but the counters."""
    counters, why = _counters(memory, library)
    return {
        "watch": watch(memory, library, counters),
        "count": counters.classes if counters else None,
        "why": why,
        "machine": list(_machine(memory, library, counters)),
        "walk": Progress().plain(),
    }


def gone_on(memory: Memory, library: Library, budget: Budget, state: State) -> State | None:
    """Go on from a state; the state of a finished walk has "loaders". None: the JVM is starting."""
    progress = Progress(**state["walk"])
    walked = walk.walk(memory, library, budget, progress)
    state = {**state, "walk": progress.plain()}
    if walked is None:
        return state
    if not walked.loaders:
        return None
    loaders = _with_kinds(memory, library, walked.loaders, progress)
    told = _told(progress, walked, loaders)
    told += _differs(progress.total, state["count"], count_now(memory, state["watch"]))
    return {**state, "loaders": loaders, "told": [list(pair) for pair in told]}


def classes_of(state: State) -> Classes:
    """The classes of a finished walk."""
    return Classes(state)


def _counters(memory: Memory, library: Library) -> tuple[Counters | None, str]:
    """The counters, or why there are none."""
    try:
        found = counters_of(memory, library)
    except Malformed as error:
        return None, str(error)
    return found, "" if found else "the JVM keeps no counters"


def _machine(memory: Memory, library: Library, counters: Counters | None) -> Machine:
    texts = counters.texts if counters else {}
    version, home, class_path = (texts.get(name, "") for name in (VERSION, HOME, CLASS_PATH))
    began = counters.numbers.get(BEGAN, 0) if counters else 0
    return Machine(release_of(memory, library), version, home, class_path, began)


def _with_kinds(
    memory: Memory, library: Library, loaders: list[Cld], progress: Progress
) -> list[list[Plain]]:
    """[address, kind, hidden] of each loader that has classes with names."""
    counts = {loader: progress.counts.get(f"{loader.address:x}", [0, 0]) for loader in loaders}
    named = [loader for loader, (names, _) in counts.items() if names]
    kinds = Kinds(memory, library, Reader(memory, library.layout)).of(named)
    pairs = zip(named, kinds, strict=True)
    return [[loader.address, kind, counts[loader][1]] for loader, kind in pairs]


def _told(progress: Progress, walked: Walked, loaders: list[list[Plain]]) -> Told:
    """What the walk could not read."""
    strange = sum(1 for _, kind, _ in loaders if kind == UNREADABLE)
    absent = progress.absent + (0 if walked.whole else 1)
    rows = (
        (Reason.TOO_MANY, walked.bounded, f"more than {walk.MAX_CLASSES}"),
        (Reason.CHANGING, not (walked.settled or walked.bounded), "while they were read"),
        (Reason.UNREADABLE, absent, f"{absent} lists not read to their end"),
        (Reason.UNREADABLE, progress.unnamed, f"{progress.unnamed} names"),
        (Reason.NO_KIND, strange, f"{strange} class loaders"),
    )
    return [(reason, detail) for reason, true, detail in rows if true]


def _differs(total: int, before: int | None, after: int | None) -> Told:
    """Whether the JVM counts other classes than were read, both before and after the reading."""
    if before is None or after is None:
        return []
    low, high = sorted((before, after))
    slack = total * TOLERANCE
    if low - slack <= total <= high + slack:
        return []
    return [(Reason.DIFFERS, f"{total} read, {low} to {high} counted")]
