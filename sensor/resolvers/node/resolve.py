"""One look at one Node.js process, in slices: its maps, its heap, its modules, their packages.

The memo says at which of these stages a look is; a finished one holds the answer, and tokens that
tell in less than a millisecond whether anything was loaded since.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from sensor.errors import BudgetSpent
from sensor.model.finding import NOT_MINE, Coverage, Finding, Gap
from sensor.resolvers.node import reasons, told
from sensor.resolvers.node.calibrate import Pending
from sensor.resolvers.node.detect import is_named
from sensor.resolvers.node.loaded import Loaded, changed, loaded, unchanged
from sensor.resolvers.node.packages import packages_of
from sensor.resolvers.node.postmortem import Declined, program
from sensor.resolvers.node.told import RUNTIME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.host.seam import Cache, Process
    from sensor.model.budget import Budget
    from sensor.model.finding import Plain
    from sensor.resolvers.node.packages import Mapped
    from sensor.resolvers.node.postmortem import Program
    from sensor.resolvers.node.words import Module

# Packages of a finished look that its memo keeps; a process with more is read anew each time.
MAX_KEPT = 2_000
# Looks at a heap that is not understood, before that is kept: V8 may be starting.
MAX_UNKNOWN = 5
BY_MAPS = "mapped addons only"
HARMLESS = reasons.HARMLESS | told.HARMLESS


def resolve(process: Process, budget: Budget, cache: Cache, memo: Plain) -> Finding:
    """The npm packages that a Node.js process has loaded. See Resolver."""
    state = cast("dict[str, Any]", memo or {})
    kept = _kept(process, state, memo)
    if kept is not None:
        return kept
    if "done" in state:
        state = {"loading": changed(process, state["again"])}
    found = program(process, cache)
    if isinstance(found, Declined):
        return _unreadable(process, found)
    look = _Look(process, budget, cache, found)
    if process.memory_gap is not None:
        return look.by_maps(Gap(RUNTIME, reasons.CLOSED, process.memory_gap), state)
    try:
        return look.run(state)
    except BudgetSpent as error:
        # A process that lies like this costs one look, not each.
        return _gap_only(process, reasons.SPENT, str(error)).remembering("failed", {})


def _kept(process: Process, state: dict[str, Any], memo: Plain) -> Finding | None:
    """The answer of an earlier look, where it still holds."""
    if "other" in state:
        return replace(NOT_MINE, memo=memo)
    if "failed" in state:
        return Finding.remembered(state["failed"], memo)
    if "done" in state and process.memory_gap is None:
        again = unchanged(process, state["again"])
        if again is not None:
            return Finding.remembered(state["done"], {**state, "again": again})
    return None


def _unreadable(process: Process, found: Declined) -> Finding:
    """A program without a layout: not Node.js, or one that is not read."""
    if found.reason == reasons.NO_SYMBOLS and not is_named(process):
        return replace(NOT_MINE, memo={"other": True})
    return _gap_only(process, found.reason, found.detail).remembering("failed", {})


class _Look:
    """One slice of a look. Each stage returns the finding, or goes on to the next."""

    def __init__(self, process: Process, budget: Budget, cache: Cache, program: Program) -> None:
        self._process = process
        self._budget = budget
        self._cache = cache
        self._program = program

    def run(self, memo: dict[str, Any]) -> Finding:
        """Go on from the memo."""
        if "loaded" in memo:
            return self._join(Loaded.from_plain(memo["loaded"]), memo.get("progress"))
        found = loaded(self._process, self._budget, self._cache, self._program, memo.get("loading"))
        if isinstance(found, Pending):
            return self._more({**memo, "loading": found.state})
        if found.gaps == [(reasons.HEAP_UNKNOWN, "")]:
            return self._unknown(memo.get("unknown", 0) + 1)
        return self._join(found, None)

    def _more(self, memo: Plain) -> Finding:
        """This slice is over: it is a Node.js process, and there is more to come."""
        return Finding.unfinished(RUNTIME, self._process.at, memo)

    def _unknown(self, looks: int) -> Finding:
        """A heap that is not understood: perhaps it is not there yet."""
        finding = self.by_maps(Gap(RUNTIME, reasons.HEAP_UNKNOWN), {})
        if looks < MAX_UNKNOWN:
            return replace(finding, memo={"unknown": looks}, more=False)
        return finding.remembering("failed", {})

    def _join(self, found: Loaded, progress: Plain) -> Finding:
        joined = self._packages(found.modules, progress)
        if joined.more:
            return self._more({"loaded": found.plain(), "progress": joined.progress})
        gaps = (*(Gap(RUNTIME, *gap) for gap in found.gaps), *joined.gaps)
        complete = all(gap.reason in HARMLESS for gap in gaps)
        coverage = Coverage(RUNTIME, complete, found.since, _how(found.isolates))
        finding = Finding(joined.packages, gaps, coverage)
        if found.again is None or len(finding.packages) > MAX_KEPT:
            return finding
        return finding.remembering("done", {"again": found.again})

    def _packages(self, modules: Sequence[Module], progress: Plain) -> Mapped:
        return packages_of(self._process, self._budget, self._cache, modules, progress)

    def by_maps(self, gap: Gap, memo: dict[str, Any]) -> Finding:
        """The mapped addons, and why there is not more."""
        joined = self._packages((), memo.get("addons"))
        coverage = Coverage(RUNTIME, complete=False, since=self._process.at, how=BY_MAPS)
        rest = {"addons": joined.progress} if joined.more else None
        return Finding(joined.packages, (gap, *joined.gaps), coverage, rest, joined.more)


def _how(isolates: int) -> str:
    several = "" if isolates == 1 else "s"
    return f"V8 heap, {isolates} isolate{several}, Module._cache and ES modules"


def _gap_only(process: Process, reason: str, detail: str) -> Finding:
    return Finding.unread(Gap(RUNTIME, reason, detail), process.at)
