"""One look at one Node.js process, in slices: its maps, its heap, its modules, their packages.

The memo says at which of these stages a look is; a finished one holds the answer, and tokens that
tell in less than a millisecond whether anything was loaded since.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, cast

from sensor.errors import BudgetSpent
from sensor.model.finding import NOT_MINE, Coverage, Finding, Gap
from sensor.resolvers.node import reasons, told
from sensor.resolvers.node.calibrate import Pending, calibrate
from sensor.resolvers.node.detect import is_named
from sensor.resolvers.node.find import Place, find
from sensor.resolvers.node.heap import Heap
from sensor.resolvers.node.packages import packages_of
from sensor.resolvers.node.postmortem import Declined, program
from sensor.resolvers.node.read import threads_and_addons, tokens
from sensor.resolvers.node.reading import Reading
from sensor.resolvers.node.told import RUNTIME
from sensor.resolvers.node.words import Module

if TYPE_CHECKING:
    from sensor.host.seam import Cache, Process
    from sensor.model.budget import Budget
    from sensor.model.finding import Plain
    from sensor.resolvers.node.postmortem import Program

# Packages of a finished look that its memo keeps; a process with more is read anew each time.
MAX_KEPT = 2_000
# Looks in which a module cache changes while it is read, before that is reported.
MAX_TORN = 5
HARMLESS = reasons.HARMLESS | told.HARMLESS


def resolve(process: Process, budget: Budget, cache: Cache, memo: Plain) -> Finding:
    """The npm packages that a Node.js process has loaded. See Resolver."""
    state = cast("dict[str, Any]", memo or {})
    if "failed" in state:
        return _from_memo(state["failed"], memo)
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
        return _remembering(_gap_only(process, reasons.SPENT, str(error)), "failed", {})


def _unreadable(process: Process, found: Declined) -> Finding:
    """A program without a layout: not Node.js, or one that is not read."""
    if found.reason == reasons.NO_SYMBOLS and not is_named(process):
        return NOT_MINE
    return _gap_only(process, found.reason, found.detail)


class _Look:
    """One slice of a look. Each stage returns the finding, or goes on to the next."""

    def __init__(self, process: Process, budget: Budget, cache: Cache, program: Program) -> None:
        self._process = process
        self._budget = budget
        self._cache = cache
        self._program = program
        self._heap = Heap(process, program.layout)

    def run(self, memo: dict[str, Any]) -> Finding:
        """Go on from the memo."""
        if "modules" in memo:
            return self._join(memo)
        if "place" not in memo:
            return self._calibrate(memo.get("calibrate"))
        place = Place.from_plain(memo["place"])
        return self._again(place, memo) if "done" in memo else self._find(place, memo)

    def _again(self, place: Place, memo: dict[str, Any]) -> Finding:
        """A look after a finished one: the same answer, unless something was loaded."""
        now = tokens(self._heap.renewed(), place)
        threads = threads_and_addons(self._process)
        if now is not None and now == memo["tokens"] and threads == memo["threads"]:
            return _from_memo(memo["done"], memo)
        if now is None or threads != memo["threads"]:
            place = Place(place.sets)
        return self._find(place, {"again": True})

    def _more(self, memo: Plain) -> Finding:
        """This slice is over: it is a Node.js process, and there is more to come."""
        coverage = Coverage(RUNTIME, complete=False, since=self._process.at, how="not finished")
        return Finding(coverage=coverage, memo=memo, more=True)

    def _calibrate(self, state: Plain) -> Finding:
        found = calibrate(
            self._process, self._heap, self._budget, self._cache, self._program.file, state
        )
        if isinstance(found, Pending):
            return self._more({"calibrate": found.state})
        if not found:
            return self.by_maps(Gap(RUNTIME, reasons.HEAP_UNKNOWN), {})
        return self._find(Place(found), {})

    def _find(self, place: Place, memo: dict[str, Any]) -> Finding:
        if not find(self._process, self._heap, self._budget, place):
            return self._more({**memo, "place": place.plain()})
        return self._read(place, memo)

    def _read(self, place: Place, memo: dict[str, Any]) -> Finding:
        """The tokens are of the start: what is loaded while we read changes them."""
        reading = Reading(self._heap.renewed(), place, memo.get("reading"))
        if not reading.run(self._budget):
            return self._more({**memo, "place": place.plain(), "reading": reading.plain()})
        if reading.lost and memo.get("searches", 0) < MAX_TORN:
            # Something has moved since it was found.
            fresh = Place(place.sets)
            return self._more({"place": fresh.plain(), "searches": memo.get("searches", 0) + 1})
        return self._join(
            {
                "place": place.plain(),
                "tokens": reading.tokens,
                "threads": threads_and_addons(self._process),
                "modules": [list(module) for module in reading.modules()],
                "gaps": [list(gap) for gap in reading.gaps()],
                "settled": reading.settled,
                "since": self._process.at,
                "isolates": max(len(place.isolates), 1),
            }
        )

    def _join(self, memo: dict[str, Any]) -> Finding:
        modules = [Module(*row) for row in memo["modules"]]
        joined = packages_of(
            self._process, self._budget, self._cache, modules, memo.get("progress")
        )
        if joined.more:
            return self._more({**memo, "progress": joined.progress})
        gaps = (*(Gap(RUNTIME, *gap) for gap in memo["gaps"]), *joined.gaps)
        complete = all(gap.reason in HARMLESS for gap in gaps)
        coverage = Coverage(RUNTIME, complete, memo["since"], _how(memo["isolates"]))
        finding = Finding(joined.packages, gaps, coverage)
        if not memo["settled"] or len(finding.packages) > MAX_KEPT:
            return finding
        kept = {name: memo[name] for name in ("place", "tokens", "threads")}
        return _remembering(finding, "done", kept)

    def by_maps(self, gap: Gap, memo: dict[str, Any]) -> Finding:
        """The mapped addons, and why there is not more."""
        joined = packages_of(self._process, self._budget, self._cache, (), memo.get("addons"))
        how = "mapped addons only"
        coverage = Coverage(RUNTIME, complete=False, since=self._process.at, how=how)
        gaps = (gap, *joined.gaps)
        memo = {"addons": joined.progress} if joined.more else {}
        return Finding(joined.packages, gaps, coverage, memo, joined.more)


def _how(isolates: int) -> str:
    several = "" if isolates == 1 else "s"
    return f"V8 heap, {isolates} isolate{several}, Module._cache and ES modules"


def _gap_only(process: Process, reason: str, detail: str) -> Finding:
    coverage = Coverage(RUNTIME, complete=False, since=process.at, how=reason)
    return Finding(gaps=(Gap(RUNTIME, reason, detail),), coverage=coverage)


def _remembering(finding: Finding, stage: str, rest: dict[str, Plain]) -> Finding:
    """The finding with a memo that holds it."""
    plain = {k: v for k, v in asdict(finding).items() if k in {"packages", "gaps", "coverage"}}
    return replace(finding, memo={**rest, stage: plain})


def _from_memo(plain: Any, memo: Plain) -> Finding:  # noqa: ANN401 - decoded JSON
    kept = Finding.from_plain(plain)
    return Finding(kept.packages, kept.gaps, kept.coverage, memo)
