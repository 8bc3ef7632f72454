"""Runtimes that nothing here can read yet: recognised by their mappings, none is passed over.

One row for each; its whole answer is a gap. When a runtime gets its own resolver, its row goes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensor.model.finding import NOT_MINE, Coverage, Finding, Gap
from sensor.resolvers.resolver import Resolver

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.host.seam import Cache, Process
    from sensor.model.budget import Budget
    from sensor.model.finding import Plain
    from sensor.model.process import Mapping

# The phrase by which reports count these processes.
REASON = "runtime not supported yet"


@dataclass(frozen=True, slots=True)
class Runtime:
    """How a runtime is recognised: by the base name of its program, or of a file that it maps.

    `name` is the short name in facts, `title` the one for people. Both patterns must match a whole
    base name and have no named groups; an empty one matches nothing.
    """

    name: str
    title: str
    purl_types: tuple[str, ...]
    program: str
    library: str


# The names are those that the runtimes' own builds and Debian's packages give to their files.
RUNTIMES = (
    # Electron has a V8 of its own, with compressed pointers; its programs are often renamed.
    Runtime("electron", "Electron", ("npm",), r"electron\d*", ""),
    # The other .NET runtime; Debian's mono is a link to mono-sgen.
    Runtime("mono", "Mono", ("nuget",), r"mono(-sgen)?", r"libmonosgen-2\.0\.so.*"),
    Runtime("ruby", "Ruby", ("gem",), r"j?ruby[\d.]*", r"libruby(-[\d.]+)?\.so(\.\d+)*"),
    Runtime(
        "php", "PHP", ("composer",), r"php(-cgi|-fpm)?[\d.]*", r"(lib)?php[\d.]*(-embed)?\.so.*"
    ),
    Runtime("deno", "Deno", ("npm",), "deno", ""),
    Runtime("bun", "Bun", ("npm",), "bun", ""),
    Runtime("pypy", "PyPy", ("pypi",), r"pypy[\d.]*(-c)?", r"libpypy[\d.]*-c\.so(\.\d+)*"),
    Runtime("beam", "Erlang or Elixir", ("hex",), r"beam(\.\w+)?", ""),
    Runtime("perl", "Perl", ("cpan",), r"perl[\d.]*", r"libperl\.so(\.\d+)*"),
)

TITLES = {runtime.name: runtime.title for runtime in RUNTIMES}


class Witnesses:
    """The file by which each runtime is recognised in a process.

    The rows are asked one after the other about one process, so the last answer is kept: one pass
    over thousands of mappings in place of ten. It is the same as long as the mappings are the very
    same object.
    """

    def __init__(self, runtimes: tuple[Runtime, ...]) -> None:
        """Recognise these."""
        self._programs = _any_of({r.name: r.program for r in runtimes})
        self._libraries = _any_of({r.name: r.library for r in runtimes})
        self._maps: Sequence[Mapping] = ()
        self._exe = ""
        self._found: dict[str, str] = {}

    def of(self, process: Process) -> dict[str, str]:
        """Paths by name of runtime: of the program, else of the first mapped file that fits."""
        maps, exe = process.maps(), process.exe
        if maps is not self._maps or exe != self._exe:
            self._found = self._look(maps, exe)
            self._maps, self._exe = maps, exe
        return self._found

    def _look(self, maps: Sequence[Mapping], exe: str) -> dict[str, str]:
        found: dict[str, str] = {}
        program = self._programs.fullmatch(_base(exe))
        if program and program.lastgroup:
            found[program.lastgroup] = exe
        for path in {mapping.path: None for mapping in maps if mapping.inode}:
            library = self._libraries.fullmatch(_base(path))
            if library and library.lastgroup:
                found.setdefault(library.lastgroup, path)
        return found


def _any_of(patterns: dict[str, str]) -> re.Pattern[str]:
    """One pattern for all rows: the name of the group that matched is the name of the runtime."""
    named = (f"(?P<{name}>{pattern})" for name, pattern in patterns.items() if pattern)
    return re.compile("|".join(named))


def _base(path: str) -> str:
    return path.rpartition("/")[2].removeprefix("memfd:")


def resolver_of(runtime: Runtime, witnesses: Witnesses) -> Resolver:
    """Build the resolver of one row: it detects, and answers that it cannot read."""

    def detects(process: Process) -> bool:
        return runtime.name in witnesses.of(process)

    def resolve(process: Process, _budget: Budget, _cache: Cache, _memo: Plain) -> Finding:
        path = witnesses.of(process).get(runtime.name)
        if path is None:
            return NOT_MINE
        gap = Gap(runtime.name, REASON, f"{runtime.title}, recognised by {path}")
        how = "recognised by its mappings, not read"
        coverage = Coverage(runtime.name, complete=False, since=process.at, how=how)
        return Finding(gaps=(gap,), coverage=coverage)

    return Resolver(runtime.name, runtime.purl_types, detects, resolve)


_WITNESSES = Witnesses(RUNTIMES)
UNSUPPORTED = tuple(resolver_of(runtime, _WITNESSES) for runtime in RUNTIMES)
