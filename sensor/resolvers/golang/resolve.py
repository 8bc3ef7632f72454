"""One look at one process: is its program Go, and if so what is in it."""

from __future__ import annotations

from dataclasses import astuple, replace
from typing import TYPE_CHECKING, Any, cast

from sensor.errors import FileRefused
from sensor.formats.gobuildinfo import MAGIC
from sensor.model.file import FileId
from sensor.model.finding import NOT_MINE, Coverage, Finding, Gap
from sensor.resolvers.golang import analysis, facts, plugins
from sensor.resolvers.golang.facts import RUNTIME
from sensor.resolvers.golang.program import Form
from sensor.resolvers.golang.reasons import Reason

if TYPE_CHECKING:
    from sensor.host.seam import Cache, Process
    from sensor.model.budget import Budget
    from sensor.model.finding import Plain
    from sensor.model.process import Mapping

CACHE = "golang.program"
# Where the linker puts the mark of a Go program: at the start of its writable data.
MARK_SEARCH = 1 << 20

Object = dict[str, Any]


def detects(process: Process) -> bool:
    """Whether the process runs a program out of a file: any of these could be Go."""
    return _program_mapping(process) is not None


def resolve(process: Process, budget: Budget, cache: Cache, memo: Plain) -> Finding:
    """The modules and linked packages of the program; see CAPABILITIES.md."""
    state = cast("Object", memo or {})
    known = _known(cache, state)
    if known and known["form"] == Form.OTHER:
        return replace(NOT_MINE, memo=state)
    mapping = _program_mapping(process)
    if mapping is None:
        return NOT_MINE
    if known is None:
        try:
            known, state = _read(process, mapping, budget, cache, state)
        except FileRefused as error:
            return _refused(process, mapping, error)
    if known is None:
        return Finding(coverage=_none_yet(process, "still reading"), memo=state, more=True)
    return _finding(process, mapping, known, cache, state)


def _program_mapping(process: Process) -> Mapping | None:
    """The lowest executable mapping of the program's own file."""
    for mapping in process.maps():
        if mapping.inode and mapping.path == process.exe and "x" in mapping.perms:
            return mapping
    return None


def _known(cache: Cache, state: Object) -> Object | None:
    """What a finished look at this process learned: its file cannot change while it runs."""
    if "file" not in state or state["progress"]:
        return None
    return cast("Object | None", cache.get(CACHE, FileId(*state["file"])))


def _read(
    process: Process, mapping: Mapping, budget: Budget, cache: Cache, state: Object
) -> tuple[Object | None, Object]:
    """What the cache or the file says, and the new memo; nothing yet when time is up."""
    with process.files.open_mapped(mapping) as file:
        same = state.get("file") == (identity := list(astuple(file.id)))
        progress = analysis.Progress.from_plain(state.get("progress") if same else None)
        state = {**state, "file": identity, "progress": None}
        known = cast("Object | None", cache.get(CACHE, file.id))
        if known:
            return known, state
        program = analysis.analyse(file, progress, budget.due)
        if program is None:
            return None, {**state, "progress": progress.to_plain()}
        known = cast("Object", facts.remember(program))
        cache.put(CACHE, file.id, cast("Plain", known))
        return known, state


def _finding(
    process: Process, mapping: Mapping, known: Object, cache: Cache, state: Object
) -> Finding:
    if known["form"] == Form.OTHER:
        return replace(NOT_MINE, memo=state)
    if known["form"] == Form.PACKED:
        detail = f"{mapping.path}: what is inside, Go or not, is not read yet"
        gap = Gap(RUNTIME, Reason.PACKED, detail)
        return Finding((), (gap,), _none_yet(process, "packed by UPX"), state)
    finding = facts.facts(known, mapping, process.at)
    more, objects = plugins.look(process, cache, state.get("objects") or {})
    finding = replace(finding, memo={**state, "objects": objects})
    if not more or finding.coverage is None:
        return finding
    coverage = replace(finding.coverage, complete=False)
    return replace(finding, gaps=(*finding.gaps, *more), coverage=coverage)


def _none_yet(process: Process, how: str) -> Coverage:
    return Coverage(RUNTIME, complete=False, since=process.at, how=how)


def _refused(process: Process, mapping: Mapping, error: FileRefused) -> Finding:
    """The program's file cannot be opened: a gap if its memory says that it is Go."""
    ranges = [
        (m.start, min(m.size, MARK_SEARCH))
        for m in process.maps()
        if m.file_key == mapping.file_key and "w" in m.perms
    ]
    if not process.find(MAGIC, ranges, limit=1):
        return NOT_MINE
    gap = Gap(RUNTIME, Reason.FILE_REFUSED, str(error))
    return Finding((), (gap,), _none_yet(process, "file not readable"))
