"""Find the interpreter of a process: which file, and how its interpreters are reached.

A search is made once for each file. It goes in steps and stops at the budget; the state from which
it goes on is plain data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sensor.resolvers.python import runtime, search
from sensor.resolvers.python.detect import candidates
from sensor.resolvers.python.interpreters import Calibration, Doubt, validate
from sensor.resolvers.python.opened import opened

if TYPE_CHECKING:
    from sensor.host.seam import Cache, Process
    from sensor.model.budget import Budget
    from sensor.model.finding import Plain
    from sensor.resolvers.python.opened import Opened

KIND = "python.searched.1"
# A process that lies makes a search fail; others of the same file may try it again, so often.
MAX_FAILED_SEARCHES = 3
# Looks that find sys.modules in the middle of a change, before that is reported.
MAX_TORN = 5
NOT_FOUND = "interpreter not found"
NOT_STARTED = "interpreter not started"
# What the doubts about any file mean for the process, the weightiest first.
REASONS = {
    Doubt.TORN: "sys.modules is changing",
    Doubt.ABSENT: "interpreter memory not present",
    Doubt.EMPTY: NOT_STARTED,
}
# The state of a search: candidates that are done with, with their doubts; torn looks at the present
# one; where its structural search is; the calibration that was found for it.
START: dict[str, Any] = {"skip": 0, "doubts": [], "torn": 0, "search": None, "found": []}


class Place(NamedTuple):
    """Where the interpreters are: the calibration of a file and its load bias in this process."""

    calibration: Calibration
    bias: int

    def plain(self) -> Plain:
        """A JSON array."""
        return [self.calibration.plain(), self.bias]

    @classmethod
    def from_plain(cls, data: Any) -> Place:  # noqa: ANN401 - decoded JSON
        """The place of a JSON array made by `plain`."""
        return cls(Calibration.from_plain(data[0]), data[1])


class NotFound(NamedTuple):
    """No interpreter: the reason, particulars, and whether looking again could help."""

    reason: str
    detail: str
    final: bool


class Pending(NamedTuple):
    """The budget is used up: call again with this state."""

    state: Plain


def locate(
    process: Process, budget: Budget, cache: Cache, state: Plain = None
) -> Place | NotFound | Pending:
    """Find the interpreter; `state` is that of a Pending of an earlier call, else None."""
    known = cast("dict[str, Any]", state or START)
    begin = known["skip"]
    for index, candidate in enumerate(candidates(process)[begin:], begin):
        if index > begin and budget.due():
            return Pending(known | {"skip": index})
        file = opened(process, candidate, cache)
        if not candidate.sure and (file.anchors is None or file.anchors.runtime is None):
            continue
        answer = _in_file(process, budget, cache, file, known)
        if isinstance(answer, Place | Pending):
            return answer
        told = [candidate.name, file.why or answer.value, answer.value]
        known = START | {"skip": index + 1, "doubts": [*known["doubts"], told]}
    return _not_found(known["doubts"])


def _not_found(doubts: list[list[str]]) -> NotFound:
    """`doubts` are name of the file, what to tell of it, and the Doubt as a str."""
    detail = "; ".join(f"{name}: {why}" for name, why, _ in doubts)
    found = {doubt for _, _, doubt in doubts}
    for doubt, reason in REASONS.items():
        if doubt in found:
            return NotFound(reason, detail, final=False)
    return NotFound(NOT_FOUND, detail or "in no mapped file", final=True)


def _in_file(
    process: Process, budget: Budget, cache: Cache, file: Opened, state: dict[str, Any]
) -> Place | Pending | Doubt:
    """Try the ways from the cheapest on.

    Only what is right at once is an answer. Anything else has filled the host's cache with pages
    that are older than what is read now: the next look begins with what was found, without them.
    """
    if file.anchors is None:
        return Doubt.WRONG
    searched = cast("dict[str, Any]", cache.get(KIND, file.id) if file.id else None) or {}
    earlier = [Calibration.from_plain(way) for way in (*state["found"], *searched.get("found", ()))]
    doubts: list[Doubt] = []
    for way in earlier + runtime.known(file.anchors):
        doubt = validate(way.memory(process), way, file.bias)
        if doubt is None:
            place = Place(way, file.bias)
            return Pending(state | {"found": [way.plain()]}) if doubts else place
        doubts.append(doubt)
    if Doubt.TORN in doubts and state["torn"] < MAX_TORN:
        return Pending(state | {"torn": state["torn"] + 1})
    judged = _judge(doubts, certain=file.anchors.minor is not None)
    if judged is not Doubt.WRONG or searched.get("failed", 0) >= MAX_FAILED_SEARCHES:
        return judged
    answer = _search(process, budget, file, state)
    if file.id is not None and not isinstance(answer, Pending):
        cache.put(KIND, file.id, _remember(searched, answer))
    if isinstance(answer, Calibration):
        return Pending(state | {"found": [answer.plain()]})
    return answer


def _judge(doubts: list[Doubt], *, certain: bool) -> Doubt:
    """The doubt that counts: of the way for this version; without a version, what all agree on."""
    if Doubt.TORN in doubts:
        return Doubt.TORN
    if certain and doubts:
        return doubts[0]
    return doubts[0] if len(set(doubts)) == 1 else Doubt.WRONG


def _remember(searched: dict[str, Any], answer: Calibration | Doubt) -> Plain:
    if isinstance(answer, Calibration):
        return {**searched, "found": [answer.plain()]}
    return {**searched, "failed": searched.get("failed", 0) + 1}


def _search(
    process: Process, budget: Budget, file: Opened, state: dict[str, Any]
) -> Calibration | Pending | Doubt:
    """Look around _PyRuntime, then through all writable data of the file."""
    if file.anchors is None or file.anchors.debug is not None:
        return Doubt.WRONG
    if state["search"] is None and file.anchors.runtime is not None:
        around = runtime.around_runtime(process, file.anchors.runtime, file.bias)
        if around is not None:
            return around
    if not file.candidate.sure:
        return Doubt.WRONG
    return _structural(process, budget, file, state)


def _structural(
    process: Process, budget: Budget, file: Opened, state: dict[str, Any]
) -> Calibration | Pending | Doubt:
    at, tried, found = state["search"] or (0, 0, [])
    ranges = search.writable(process, file.candidate.mappings)
    while at is not None and tried < search.MAX_CANDIDATES:
        at, more, new = search.step(process, ranges, at)
        tried += more
        found = found + [list(pair) for pair in new]
        if at is not None and budget.due():
            return Pending(state | {"search": [at, tried, found]})
    calibration = search.result([(row, address) for row, address in found], file.bias)
    if calibration and validate(calibration.memory(process), calibration, file.bias) is None:
        return calibration
    return Doubt.WRONG
