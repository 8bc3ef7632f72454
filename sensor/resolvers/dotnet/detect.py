"""Which .NET is in a process: a runtime library, a single-file program, or compiled code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sensor.errors import FileRefused
from sensor.resolvers.dotnet.programs import Program, Programs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sensor.host.seam import Cache, Process
    from sensor.model.process import Mapping

# The runtime, in a library of its own (src/coreclr/dlls/mscoree).
CORECLR = "libcoreclr.so"
# Since .NET 7 it maps its code twice, by a file of this name (src/coreclr/minipal/Unix): with it
# a program that cannot be opened is known to be .NET.
DOUBLE = "/memfd:doublemapper"
# Compiled code is megabytes, and not among the system's own libraries.
MIN_LIBRARY = 1 << 20
SYSTEM = ("/usr/lib/", "/lib/", "/lib64/")
# A process maps some ten such libraries; each new one costs an open and two small reads.
MAX_LIBRARIES = 64


class Found(NamedTuple):
    """What there is: the mapping of the runtime library, the program, and compiled files.

    `refused` says why the program could not be opened; None when it could.
    """

    coreclr: Mapping | None
    program: Program
    native: list[tuple[Mapping, str]]
    refused: str | None = None

    @property
    def managed(self) -> bool:
        """Whether a runtime that loads assemblies is here."""
        program = self.program
        return bool(self.coreclr or program.bundle or program.problem or self.refused)


def detects(process: Process) -> bool:
    """Whether the process runs a program out of a file: any of these could be .NET."""
    return bool(process.exe) and any(m.path == process.exe for m in process.maps())


def look(process: Process, cache: Cache, files: dict[str, Any]) -> Found:
    """What there is of .NET; `files` is that of `Programs`."""
    maps = process.maps()
    coreclr = next((m for m in maps if m.inode and _name(m) == CORECLR), None)
    own = next((m for m in maps if m.inode and m.path == process.exe), None)
    known = Programs(process, cache, files)
    program, refused = Program(), None
    try:
        program = known.of(own) if own else program
    except FileRefused as error:
        doubled = any(m.path == DOUBLE for m in maps)
        refused = str(error) if doubled and not coreclr else None
    native = [(own, program.native)] if own and program.native is not None else []
    native += _libraries(known, _large(maps, coreclr.path if coreclr else ""))
    return Found(coreclr, program, native, refused)


def _libraries(known: Programs, mappings: Sequence[Mapping]) -> Iterator[tuple[Mapping, str]]:
    """Mapped libraries that were compiled ahead of time, and the version of .NET in each."""
    for mapping in mappings:
        try:
            native = known.of(mapping).native
        except FileRefused:
            continue  # nothing says that this one is .NET
        if native is not None:
            yield mapping, native


def _large(maps: Sequence[Mapping], coreclr: str) -> list[Mapping]:
    """The first mapping of each large library that neither system nor runtime brought."""
    brought = (*SYSTEM, coreclr.rpartition("/")[0] + "/") if coreclr else SYSTEM
    sizes: dict[tuple[str, int], int] = {}
    first: dict[tuple[str, int], Mapping] = {}
    for mapping in maps:
        if mapping.inode and ".so" in _name(mapping) and not mapping.path.startswith(brought):
            first.setdefault(mapping.file_key, mapping)
            sizes[mapping.file_key] = sizes.get(mapping.file_key, 0) + mapping.size
    large = [first[key] for key, size in sizes.items() if size >= MIN_LIBRARY]
    return large[:MAX_LIBRARIES]


def _name(mapping: Mapping) -> str:
    return mapping.path.rpartition("/")[2]
