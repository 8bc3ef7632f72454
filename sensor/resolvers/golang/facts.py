"""From what a program file says to the facts about one process that runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensor.model.finding import Coverage, Depth, Evidence, Finding, Gap, Package, State
from sensor.resolvers.golang.program import Form
from sensor.resolvers.golang.statement import state

if TYPE_CHECKING:
    from collections.abc import Mapping as Dict
    from collections.abc import Sequence

    from sensor.model.finding import Plain
    from sensor.model.process import Mapping
    from sensor.resolvers.golang.program import Program

RUNTIME = "golang"


def remember(program: Program) -> Plain:
    """A program as the cache keeps it, for `facts`; short for files that are no Go programs."""
    if program.form is not Form.GO:
        return {"form": program.form.value}
    said = state(program)
    return {
        "form": program.form.value,
        "how": said.how,
        "complete": said.complete,
        "lines": [line.to_plain() for line in said.lines],
        "gaps": [[str(reason), detail] for reason, detail in said.gaps],
    }


def facts(known: Dict[str, Any], mapping: Mapping, at: float) -> Finding:
    """The facts about a process that maps the program there, seen at a time."""
    place = f"{mapping.start:x}-{mapping.end:x} {mapping.perms}"
    mapped = Evidence("mapping", "maps", mapping.path, place, at)
    coverage = Coverage(RUNTIME, known["complete"], at, known["how"])
    gaps = tuple(Gap(RUNTIME, reason, detail) for reason, detail in known["gaps"])
    return Finding(tuple(_package(line, mapped) for line in known["lines"]), gaps, coverage)


def _package(line: Sequence[Any], mapped: Evidence) -> Package:
    purl, name, version, word, reason, subpaths, aliases, table, built = line
    known = State(word)
    path, at = mapped.path, mapped.at
    evidence = [Evidence("pclntab", "file", path, table, at), mapped]
    if built:
        evidence.insert(1, Evidence("buildinfo", "file", path, built, at))
    return Package(
        purl,
        name,
        version,
        RUNTIME,
        known,
        Depth.LOADED if known is State.LOADED else None,
        tuple(evidence),
        reason,
        subpaths=tuple(subpaths),
        aliases=tuple(aliases),
    )
