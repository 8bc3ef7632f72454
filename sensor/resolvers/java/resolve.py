"""One look at one Java process, in slices: its classes, then the artifacts they come from.

The memo says at which of these stages a look is; a finished one holds the answer, and what tells in
some 100 µs whether a class was loaded, unloaded or initialised since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sensor.errors import BudgetSpent, FileRefused, Malformed
from sensor.model.finding import NOT_MINE, Coverage, Finding, Gap
from sensor.resolvers.java import classes, watch
from sensor.resolvers.java.artifacts import packages_of
from sensor.resolvers.java.detect import (
    HEAP_SECTION,
    hotspot,
    is_native,
    other_vm,
    perhaps_native,
)
from sensor.resolvers.java.graph import calibrated
from sensor.resolvers.java.library import Library, opened
from sensor.resolvers.java.memory import Memory
from sensor.resolvers.java.reasons import Reason
from sensor.resolvers.java.words import RUNTIME

if TYPE_CHECKING:
    from sensor.host.seam import Cache, Process
    from sensor.model.budget import Budget
    from sensor.model.finding import Plain

# Packages of a finished look that its memo keeps; a process with more is read anew each time.
MAX_KEPT = 2_000
# Looks at a process whose classes were not all read, though none has changed: what was torn by a
# collection is whole at the next look, and who lies costs no more than that.
MAX_TRIES = 3

State = dict[str, Any]


def resolve(process: Process, budget: Budget, cache: Cache, memo: Plain) -> Finding:
    """The artifacts whose classes a JVM has loaded. See Resolver."""
    if other := other_vm(process):
        return _only(process, Reason.OTHER_VM, f"OpenJ9, recognised by {other}")
    if hotspot(process) is None:
        return _native(process)
    if process.memory_gap is not None:
        return _only(process, Reason.CLOSED, process.memory_gap)
    return _read(process, budget, cache, cast("State", memo or {}))


def _native(process: Process) -> Finding:
    """A native image of GraalVM: what is compiled in, is not read."""
    mapping = perhaps_native(process)
    try:
        mine = mapping is not None and is_native(process, mapping)
    except (FileRefused, Malformed):
        # Nothing says that it is Java.
        return NOT_MINE
    detail = f"native image of GraalVM, recognised by {HEAP_SECTION} in {process.exe}"
    return _only(process, Reason.OTHER_VM, detail) if mine else NOT_MINE


def _read(process: Process, budget: Budget, cache: Cache, state: State) -> Finding:
    """One slice. A process that lies or is too large costs one look, not each."""
    try:
        with Memory(process) as memory:
            return _Look(process, memory, budget, cache).run(state)
    except FileRefused as error:
        return _only(process, Reason.NO_LIBRARY, str(error))
    except Malformed as error:
        return _only(process, Reason.NO_TABLES, str(error)).remembering("failed", {})
    except BudgetSpent as error:
        return _only(process, Reason.SPENT, str(error)).remembering("failed", {})


class _Look:
    """One slice of a look. Each stage returns the finding, or goes on to the next."""

    def __init__(self, process: Process, memory: Memory, budget: Budget, cache: Cache) -> None:
        self._process = process
        self._memory = memory
        self._budget = budget
        self._cache = cache

    def run(self, memo: State) -> Finding:
        """Go on from the memo."""
        if "failed" in memo:
            return Finding.remembered(memo["failed"], memo)
        library = self._library(memo)
        hints, tries = memo.get("hints"), memo.get("tries", 0)
        if "done" in memo:
            settled = not 0 < tries < MAX_TRIES
            if settled and watch.unchanged(self._memory, library, memo["watch"]):
                return Finding.remembered(memo["done"], memo)
            memo = {}
        state = memo or {**self._begun(library), "join": hints, "tries": tries}
        if "loaders" in state:
            return self._join(state)
        after = classes.gone_on(self._memory, library, self._budget, state)
        if after is None:
            return _only(self._process, Reason.STARTING, "it has no class loader yet")
        if "loaders" not in after or self._budget.due():
            return self._more(state | after)
        return self._join(state | after)

    def _library(self, memo: State) -> Library:
        if "library" in memo:
            return Library.from_plain(memo["library"])
        mapping = hotspot(self._process)
        if mapping is None:
            raise Malformed("libjvm.so is no longer mapped")
        return calibrated(self._memory, opened(self._process, self._memory, mapping, self._cache))

    def _begun(self, library: Library) -> State:
        state = classes.begun(self._memory, library)
        return {**state, "library": library.plain(), "since": self._process.at}

    def _more(self, memo: State) -> Finding:
        """This slice is over: it is a JVM, and there is more to come."""
        return Finding.unfinished(RUNTIME, self._process.at, memo)

    def _join(self, memo: State) -> Finding:
        found = classes.classes_of(memo)
        joined = packages_of(
            self._process,
            self._budget,
            self._cache,
            lambda: found.loaders,
            memo.get("join"),
            machine=found.machine,
        )
        if joined.more:
            return self._more({**memo, "join": joined.progress})
        gaps = tuple(Gap(RUNTIME, reason, detail) for reason, detail in found.told)
        complete = joined.complete and not gaps
        coverage = Coverage(RUNTIME, complete=complete, since=memo["since"], how=_how(found))
        finding = Finding(joined.packages, (*gaps, *joined.gaps), coverage)
        if len(finding.packages) > MAX_KEPT:
            return finding
        kept = {"library": memo["library"], "watch": memo["watch"], "hints": joined.progress}
        kept["tries"] = memo["tries"] + 1 if found.told else 0
        return finding.remembering("done", kept)


def _how(found: classes.Classes) -> str:
    """HotSpot 17.0.15+6, 21573 classes in its loaders, 21573 counted by it."""
    release = found.machine.release or "of unknown release"
    counted = f"{found.counted} counted by it" if found.counted is not None else found.why
    return f"HotSpot {release}, {found.total} classes in its loaders, {counted}"


def _only(process: Process, reason: str, detail: str) -> Finding:
    return Finding.unread(Gap(RUNTIME, reason, detail), process.at)
