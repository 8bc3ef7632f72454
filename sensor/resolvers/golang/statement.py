"""What a program file lets us say about every process that runs it: plain data, made once a file.

Evidence that belongs to one process (where it maps the file, when that was seen) is added by
`facts`. Here are the words, the states, and the gaps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensor.model import purl
from sensor.model.finding import State
from sensor.resolvers.golang import stdlib
from sensor.resolvers.golang.join import join, usable
from sensor.resolvers.golang.program import Form
from sensor.resolvers.golang.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sensor.formats.gobuildinfo import BuildInfo, Module
    from sensor.model.finding import Plain
    from sensor.resolvers.golang.join import Joined
    from sensor.resolvers.golang.program import Program

# The largest list seen has 1,500 modules; beyond this a program lies.
MAX_MODULES = 10_000
# How many names a gap shows of those that it counts, and how much of each.
SAMPLE = 5
SAMPLE_NAME = 200
# In some programs of Go 1.15 and older inlined functions cannot be read (`gopclntab_old`).
NOT_INLINED = "no function seen, but those inlined everywhere cannot be seen in this program"
_VERSION = re.compile(r"[\w.~+-]+", re.ASCII)
_VCS = ("vcs.revision", "vcs.time", "vcs.modified")


@dataclass(frozen=True, slots=True)
class Line:
    """One package, as `model.finding.Package` but for what only a process adds.

    `table` and `built` are the details of the evidence from the function table and from the build
    information; `built` is empty where there is none.
    """

    purl: str
    name: str
    version: str | None
    state: str
    reason: str | None
    subpaths: list[str]
    aliases: list[str]
    table: str
    built: str

    def to_plain(self) -> Plain:
        """As JSON can hold it: the fields in order."""
        who: list[Plain] = [self.purl, self.name, self.version, self.state, self.reason]
        return [*who, [*self.subpaths], [*self.aliases], self.table, self.built]


@dataclass(frozen=True, slots=True)
class Statement:
    """All lines and gaps of one program; `complete` is False when anything was not readable."""

    how: str
    complete: bool
    lines: tuple[Line, ...]
    gaps: tuple[tuple[str, str], ...]


def state(program: Program) -> Statement:
    """What a Go program says. `program.form` must be GO."""
    if program.form is not Form.GO:
        raise ValueError(f"a program of form {program.form}")
    lines, gaps = _said(program)
    complete = not program.problems and program.layout != "" and program.inlined
    return Statement(_how(program), complete, tuple(lines), (*program.problems, *gaps))


def _version_of(program: Program) -> str:
    return (program.info.version if program.info else "") or "Go of unknown version"


def _how(program: Program) -> str:
    table = f"function table of layout {program.layout}" if program.layout else "no function table"
    build = "build information" if program.info else "no build information"
    return f"{_version_of(program)}, {build}, {table}"


def _said(program: Program) -> tuple[list[Line], list[tuple[str, str]]]:
    info = program.info
    if info and (info.main or info.modules):
        joined = join(info, program.packages)
        owned = list(joined.modules.items())[:MAX_MODULES]
        lines = [_module(program, info, module, found) for module, found in owned]
        gaps = list(_module_gaps(joined))
    else:
        joined, lines = None, []
        gaps = [_without_modules(program)]
    if program.layout and not program.inlined:
        gaps.append(
            (Reason.NO_INLINED, f"{_version_of(program)}: a module without a function is unknown")
        )
    std = joined.std if joined else {p for p in program.packages if stdlib.contains(p)}
    lines += [_std(program, std)] if std else []
    return lines, gaps + list(_version_gap(lines))


def _module(program: Program, info: BuildInfo, module: Module, found: set[str]) -> Line:
    used = module.replacement or module
    # A replacement by a folder has no version, whatever the replaced module had.
    local = _is_local(used) or not usable(used.path)
    name = module.path if local else used.path
    version = None if local else _version(used)
    known = _state(program, found)
    return Line(
        purl=purl.golang(name, version),
        name=name,
        version=version,
        state=known.value,
        reason=_reason(program) if known is State.UNKNOWN else None,
        subpaths=sorted(found),
        aliases=[purl.golang(module.path, _version(module))] if module.replacement else [],
        table=_table(program, found),
        built=_listed(info, module),
    )


def _std(program: Program, found: set[str]) -> Line:
    text = program.info.version if program.info else ""
    version = stdlib.version(text)
    name, loaded = stdlib.NAME, State.LOADED.value
    table = _table(program, found)
    return Line(
        purl.golang(name, version), name, version, loaded, None, sorted(found), [], table, text
    )


def _state(program: Program, found: set[str]) -> State:
    if found:
        return State.LOADED
    return State.NOT_OBSERVED if program.layout and program.inlined else State.UNKNOWN


def _reason(program: Program) -> str:
    return NOT_INLINED if program.layout else Reason.NO_TABLE


def _table(program: Program, found: set[str]) -> str:
    return f"functions of {len(found)} of its packages, of {len(program.packages)} in the program"


def _listed(info: BuildInfo, module: Module) -> str:
    """The line of the build information, as `go version -m` prints it; of the main module, VCS."""
    words = ["mod" if module is info.main else "dep", module.path, module.version]
    if module.replacement:
        words += ["=>", module.replacement.path, module.replacement.version]
    if module is info.main:
        words += [f"{key}={info.settings[key]}" for key in _VCS if key in info.settings]
    return " ".join(word for word in words if word)


def _module_gaps(joined: Joined) -> Iterator[tuple[str, str]]:
    if joined.strays:
        yield Reason.STRAYS, _sample(joined.strays)
    if joined.refused:
        yield Reason.BAD_PATH, _sample(joined.refused)
    if len(joined.modules) > MAX_MODULES:
        yield Reason.MANY_MODULES, f"{len(joined.modules)}, more than {MAX_MODULES}"


def _without_modules(program: Program) -> tuple[str, str]:
    others = {
        path.rpartition("/vendor/")[2]
        for path in program.packages
        if "/" in path and not stdlib.contains(path)
    }
    detail = f"packages that are linked, of unknown module and version: {_sample(others)}"
    return Reason.NO_MODULES, detail


def _version_gap(lines: list[Line]) -> Iterator[tuple[str, str]]:
    unknown = [line.name for line in lines if line.version is None]
    if unknown:
        yield Reason.NO_VERSION, _sample(unknown)


def _is_local(module: Module) -> bool:
    """Whether a replacement is a folder (cmd/go, modload: IsDirectoryPath)."""
    return module.path.startswith(("./", "../", "/")) or module.path in {".", ".."}


def _version(module: Module) -> str | None:
    """The version of a module; None for "(devel)", nothing, and what no version can be."""
    return module.version if _VERSION.fullmatch(module.version) else None


def _sample(names: Iterable[str]) -> str:
    every = sorted(names)
    shown = [name[:SAMPLE_NAME] for name in every[:SAMPLE]]
    more = ["…"] if len(every) > SAMPLE else []
    return f"{len(every)}: {', '.join(shown + more)}" if every else "none"
