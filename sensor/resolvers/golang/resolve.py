"""One look at one process: is its program Go, or a library in it, and if so what is in them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from sensor.errors import FileRefused
from sensor.formats.gobuildinfo import MAGIC
from sensor.model.finding import NOT_MINE, Coverage, Finding, Gap
from sensor.resolvers.golang import facts
from sensor.resolvers.golang.facts import RUNTIME
from sensor.resolvers.golang.files import Files
from sensor.resolvers.golang.merge import merged
from sensor.resolvers.golang.objects import MAX_OBJECTS, candidates
from sensor.resolvers.golang.program import Form
from sensor.resolvers.golang.reasons import Reason

if TYPE_CHECKING:
    from sensor.host.seam import Cache, Process
    from sensor.model.budget import Budget
    from sensor.model.finding import Plain
    from sensor.model.process import Mapping

# Where the linker puts the mark of a Go program: at the start of its writable data.
MARK_SEARCH = 1 << 20

Object = dict[str, Any]


def detects(process: Process) -> bool:
    """Whether the process runs a program out of a file: any of these could be Go."""
    return _program_mapping(process) is not None


def resolve(process: Process, budget: Budget, cache: Cache, memo: Plain) -> Finding:
    """The modules and linked packages of program and libraries; see CAPABILITIES.md."""
    state = cast("Object", memo or {})
    if state.get("other") == process.maps_digest:
        return replace(NOT_MINE, memo=state)
    mapping = _program_mapping(process)
    if mapping is None:
        return NOT_MINE
    state = {"files": dict(state.get("files", {})), "progress": dict(state.get("progress", {}))}
    files = Files(process, budget, cache, state)
    try:
        known = files.known(mapping)
    except FileRefused as error:
        return _refused(process, mapping, error)
    if known is None:
        return _more(process, state)
    if known["form"] == Form.PACKED:
        detail = f"{mapping.path}: what is inside, Go or not, is not read yet"
        gap = Gap(RUNTIME, Reason.PACKED, detail)
        return Finding((), (gap,), _none_yet(process, "packed by UPX"), state)
    return _with_libraries(process, files, (mapping, known), state)


def _program_mapping(process: Process) -> Mapping | None:
    """The lowest executable mapping of the program's own file."""
    for mapping in process.maps():
        if mapping.inode and mapping.path == process.exe and "x" in mapping.perms:
            return mapping
    return None


def _with_libraries(
    process: Process, files: Files, program: tuple[Mapping, Object], state: Object
) -> Finding:
    in_go = program[1]["form"] == Form.GO
    rows, gaps = [program] if in_go else [], []
    libraries = candidates(process.maps(), process.exe, in_go=in_go)
    for mapping in libraries[:MAX_OBJECTS]:
        try:
            known = files.known(mapping)
        except FileRefused as error:
            gaps.append(Gap(RUNTIME, Reason.OBJECT_REFUSED, str(error)))
            continue
        if known is None:
            return _more(process, state)
        if known["form"] == Form.GO:
            rows.append((mapping, known))
    if not rows:
        # In a program of another language, what cannot be opened is not said to be Go.
        return Finding(memo={**state, "other": process.maps_digest})
    if len(libraries) > MAX_OBJECTS:
        gaps.append(Gap(RUNTIME, Reason.MANY_OBJECTS, f"more than {MAX_OBJECTS}"))
    return _finding(process, rows, gaps, state)


def _finding(
    process: Process, rows: list[tuple[Mapping, Object]], gaps: list[Gap], state: Object
) -> Finding:
    finding = merged([facts.facts(known, mapping, process.at) for mapping, known in rows])
    if gaps and finding.coverage:
        coverage = replace(finding.coverage, complete=False)
        finding = replace(finding, gaps=(*finding.gaps, *gaps), coverage=coverage)
    return replace(finding, memo=state)


def _more(process: Process, state: Object) -> Finding:
    return Finding(coverage=_none_yet(process, "still reading"), memo=state, more=True)


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
