"""Runtimes that nothing here can read yet: recognised by their mappings, none is passed over.

One row for each; its whole answer is a gap. When a runtime gets its own resolver, its row goes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensor.model.finding import Coverage, Finding, Gap
from sensor.resolvers.resolver import Resolver

if TYPE_CHECKING:
    from sensor.host.seam import Cache, Process
    from sensor.model.budget import Budget
    from sensor.model.finding import Plain

# The phrase by which reports count these processes.
REASON = "runtime not supported yet"


@dataclass(frozen=True, slots=True)
class Runtime:
    """How a runtime is recognised: by the base name of its program, or of a file that it maps.

    `name` is the short name in facts, `title` the one for people. Both patterns must match a whole
    base name; an empty one matches nothing.
    """

    name: str
    title: str
    purl_types: tuple[str, ...]
    program: str
    library: str


# The names are those that the runtimes' own builds and Debian's packages give to their files.
RUNTIMES = (
    # HotSpot and GraalVM map libjvm.so, OpenJ9 libj9vm29.so as well.
    Runtime("java", "Java", ("maven",), "", r"libjvm\.so|libj9vm\d+\.so"),
    # Debian's node is a small program around libnode.so.115; the official one is a single file.
    Runtime("node", "Node.js", ("npm",), r"node|nodejs|electron\d*", r"libnode\.so(\.\d+)*"),
    # A single-file program has no libcoreclr.so, but .NET 7 and later map their code twice through
    # a memfd of this name (src/coreclr/minipal/Unix/doublemapping.cpp).
    Runtime(
        "dotnet",
        ".NET",
        ("nuget",),
        "dotnet",
        r"libcoreclr\.so|libmonosgen-2\.0\.so.*|doublemapper",
    ),
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


def resolver_of(runtime: Runtime) -> Resolver:
    """Build the resolver of one row: it detects, and answers that it cannot read."""
    program, library = re.compile(runtime.program), re.compile(runtime.library)

    def detects(process: Process) -> bool:
        return witness(process, program, library) is not None

    def resolve(process: Process, _budget: Budget, _cache: Cache, _memo: Plain) -> Finding:
        path = witness(process, program, library)
        gap = Gap(runtime.name, REASON, f"{runtime.title}, recognised by {path}")
        how = "recognised by its mappings, not read"
        return Finding(gaps=(gap,), coverage=Coverage(runtime.name, False, process.at, how))

    return Resolver(runtime.name, runtime.purl_types, detects, resolve)


def witness(process: Process, program: re.Pattern[str], library: re.Pattern[str]) -> str | None:
    """Find the path of the program, or else of the first mapped file, that fits its pattern."""
    if program.pattern and program.fullmatch(_base(process.exe)):
        return process.exe
    if not library.pattern:
        return None
    paths = dict.fromkeys(mapping.path for mapping in process.maps() if mapping.inode)
    return next((path for path in paths if library.fullmatch(_base(path))), None)


def _base(path: str) -> str:
    return path.rpartition("/")[2].removeprefix("memfd:")


UNSUPPORTED = tuple(resolver_of(runtime) for runtime in RUNTIMES)
