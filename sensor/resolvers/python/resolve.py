"""One look at one Python process, in slices: locate the interpreter, walk, join with distributions.

The memo says at which of these stages a look is; a finished one holds the answer, and a token that
tells in some 100 µs whether anything was imported since.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from sensor.errors import BudgetSpent
from sensor.model.finding import Coverage, Finding, Gap
from sensor.resolvers.python import mapped
from sensor.resolvers.python.detect import unsupported
from sensor.resolvers.python.distributions import join
from sensor.resolvers.python.drafts import RUNTIME
from sensor.resolvers.python.locate import NOT_STARTED, NotFound, Pending, Place, locate
from sensor.resolvers.python.modules import Imported
from sensor.resolvers.python.progress import Progress
from sensor.resolvers.python.reasons import HARMLESS
from sensor.resolvers.python.walk import token, walk

if TYPE_CHECKING:
    from sensor.host.seam import Cache, Process
    from sensor.model.budget import Budget
    from sensor.model.finding import Plain
    from sensor.resolvers.python.progress import Walked

CLOSED = "memory not readable"
SPENT = "budget spent"
# Packages of a finished look that its memo keeps; a process with more is read anew each time.
MAX_KEPT = 2_000


def resolve(process: Process, budget: Budget, cache: Cache, memo: Plain) -> Finding:
    """The packages that a Python process has imported. See Resolver."""
    state = cast("dict[str, Any]", memo or {})
    other = None if "done" in state else unsupported(process)
    if other is not None:
        return _gap_only(process, other, "this interpreter is not read")
    if process.memory_gap is not None:
        gap = Gap(RUNTIME, CLOSED, process.memory_gap)
        return _by_maps(process, budget, cache, gap)
    try:
        return _Look(process, budget, cache).run(state)
    except BudgetSpent as error:
        # A process that lies like this costs one look, not each.
        return _gap_only(process, SPENT, str(error)).remembering("failed", {})


class _Look:
    """One slice of a look. Each stage returns the finding, or goes on to the next."""

    def __init__(self, process: Process, budget: Budget, cache: Cache) -> None:
        self._process = process
        self._budget = budget
        self._cache = cache

    def run(self, memo: dict[str, Any]) -> Finding:
        """Go on from the memo."""
        if "failed" in memo:
            return Finding.remembered(memo["failed"], memo)
        if "missing" in memo:
            return self._not_found(NotFound(*memo["missing"]))
        if "place" not in memo:
            return self._locate(memo.get("locate"))
        if "walked" in memo:
            return self._join(memo)
        place = Place.from_plain(memo["place"])
        return self._again(place, memo) if "done" in memo else self._walk(place, memo)

    def _again(self, place: Place, memo: dict[str, Any]) -> Finding:
        """A look after a finished one: the same answer, unless something was imported."""
        now = token(self._process, place)
        if now is not None and now == memo["token"]:
            return Finding.remembered(memo["done"], memo)
        return self._walk(place, {"token": now})

    def _more(self, memo: Plain) -> Finding:
        """This slice is over: it is a Python process, and there is more to come."""
        return Finding.unfinished(RUNTIME, self._process.at, memo)

    def _locate(self, state: Plain) -> Finding:
        found = locate(self._process, self._budget, self._cache, state)
        if isinstance(found, Pending):
            return self._more({"locate": found.state})
        if isinstance(found, NotFound):
            return self._not_found(found)
        return self._walk(found, {"token": token(self._process, found)})

    def _not_found(self, found: NotFound) -> Finding:
        if found.reason == NOT_STARTED:
            how = "CPython is mapped, no interpreter has started"
            coverage = Coverage(RUNTIME, complete=True, since=self._process.at, how=how)
            return Finding(coverage=coverage)
        gap = Gap(RUNTIME, found.reason, found.detail)
        finding = _by_maps(self._process, self._budget, self._cache, gap)
        if finding.more:
            return replace(finding, memo={"missing": list(found)})
        return finding.remembering("failed", {}) if found.final else finding

    def _walk(self, place: Place, state: dict[str, Any]) -> Finding:
        """The token of `state` is of the start: what is imported while we read changes it."""
        memo: dict[str, Plain] = {"place": place.plain(), "token": state["token"]}
        found = walk(self._process, self._budget, place, state.get("walk"))
        if isinstance(found, Progress):
            return self._more({**memo, "walk": found.plain()})
        memo["walked"] = found.imported.plain()
        memo["gaps"] = [list(gap) for gap in found.gaps]
        memo["how"] = _how(place, found)
        memo["since"] = self._process.at
        return self._join(memo)

    def _join(self, memo: dict[str, Any]) -> Finding:
        imported = Imported.from_plain(memo["walked"])
        joined = join(self._process, imported, self._cache, self._budget)
        if joined.more:
            return self._more(memo)
        gaps = (*(Gap(RUNTIME, *gap) for gap in memo["gaps"]), *joined.gaps)
        complete = all(gap.reason in HARMLESS for gap in gaps)
        coverage = Coverage(RUNTIME, complete=complete, since=memo["since"], how=memo["how"])
        finding = Finding(joined.packages, gaps, coverage)
        if memo["token"] is None or len(finding.packages) > MAX_KEPT:
            return finding
        return finding.remembering("done", {"place": memo["place"], "token": memo["token"]})


def _how(place: Place, walked: Walked) -> str:
    """CPython 3.11.7, 1 interpreter, sys.modules by table of 3.11."""
    version = walked.imported.version or "of unknown version"
    several = "" if walked.interpreters == 1 else "s"
    way = place.calibration.how
    return f"CPython {version}, {walked.interpreters} interpreter{several}, sys.modules by {way}"


def _by_maps(process: Process, budget: Budget, cache: Cache, gap: Gap) -> Finding:
    """The mapped extension modules, and why there is not more."""
    joined = join(process, mapped.imported(process), cache, budget)
    how = "mapped extension modules only"
    coverage = Coverage(RUNTIME, complete=False, since=process.at, how=how)
    packages = mapped.by_mapping(joined.packages)
    return Finding(packages, (gap, *joined.gaps), coverage, more=joined.more)


def _gap_only(process: Process, reason: str, detail: str) -> Finding:
    return Finding.unread(Gap(RUNTIME, reason, detail), process.at)
