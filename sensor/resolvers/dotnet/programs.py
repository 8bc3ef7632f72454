"""What .NET left in a program or library file: a bundle of files behind it, or compiled code.

Each file is read once for all processes that map it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sensor.errors import Malformed
from sensor.formats import netbundle
from sensor.formats.elf import Elf
from sensor.formats.netbundle import Bundle, Entry
from sensor.model.file import FileId

if TYPE_CHECKING:
    from sensor.formats.source import Source
    from sensor.host.seam import Cache, File, Process
    from sensor.model.finding import Plain
    from sensor.model.process import Mapping

CACHE = "dotnet.program"
# What the ahead-of-time compiler names its code (src/coreclr/tools/aot/ILCompiler.Compiler).
MANAGED_CODE = "__managedcode"
# The file ends with the section headers: 64 bytes for each, and some padding. More may be a bundle.
HEADERS_ROOM = 256
SECTION_HEADER = 64
# Compilers write a line each: up to a kilobyte in programs of many languages.
MAX_COMMENT = 64 << 10
# "10.0.13-servicing.26504.104+4099f83…": the release, and what its build adds to it.
_COMPILER = re.compile(rb"\.NET: ilc (\d+\.\d+\.\d+)(-(?:preview|rc)\.\d+)?", re.ASCII)


class Program(NamedTuple):
    """One file.

    `native` is the version of .NET that compiled it ahead of time, "" if that is not said, None if
    it is no such file. `problem` says why its bundle could not be read.
    """

    native: str | None = None
    bundle: Bundle | None = None
    problem: str = ""


class Programs:
    """The programs and libraries that one process maps.

    `files` is plain data: the identity of each that was opened before, by its device and inode in
    maps, None for those that are none of .NET's. A file does not change while it is mapped, so what
    is known by it is not opened again.
    """

    def __init__(self, process: Process, cache: Cache, files: dict[str, Any]) -> None:
        """Go on from `files`, and add to it."""
        self._process = process
        self._cache = cache
        self._files = files

    def of(self, mapping: Mapping) -> Program:
        """What a mapped file is. Raises FileRefused."""
        key = f"{mapping.device} {mapping.inode}"
        if key in self._files:
            identity = self._files[key]
            plain = identity and self._cache.get(CACHE, FileId(*identity))
            if plain or identity is None:
                return _from_plain(plain) if plain else Program()
        with self._process.files.open_mapped(mapping) as file:
            found = known(file, self._cache)
            self._files[key] = [*file.id] if found != Program() else None
        return found


def known(file: File, cache: Cache) -> Program:
    """The program in a file, out of the cache if it was read before."""
    plain = cache.get(CACHE, file.id)
    if plain is None:
        found = read(file)
        cache.put(CACHE, file.id, _plain(found))
        return found
    return _from_plain(plain)


def read(source: Source) -> Program:
    """What is in it; an empty Program for what is none of .NET's. Never raises Malformed."""
    try:
        elf = Elf(source)
        if elf.section(MANAGED_CODE):
            return Program(native=_compiler(elf))
        place = netbundle.header(elf) if _has_more(elf) else None
    except Malformed:
        return Program()
    if place is None:
        return Program()
    try:
        return Program(bundle=netbundle.read(source, place))
    except Malformed as error:
        return Program(problem=str(error))


def _compiler(elf: Elf) -> str:
    section = elf.section(".comment")
    if section is None or section.file_size > MAX_COMMENT:
        return ""
    try:
        found = _COMPILER.search(elf.read(section.offset, section.file_size))
    except Malformed:
        return ""
    return (found[1] + (found[2] or b"")).decode() if found else ""


def _has_more(elf: Elf) -> bool:
    """Whether something stands behind the ELF file, as a bundle does."""
    ends = [section.offset + section.file_size for section in elf.sections]
    ends += [segment.offset + segment.file_size for segment in elf.loads]
    room = len(elf.sections) * SECTION_HEADER + HEADERS_ROOM
    return elf.source.size > max(ends, default=0) + room


def _plain(program: Program) -> Plain:
    bundle = program.bundle
    entries: list[Plain] = [[*entry] for entry in bundle.entries] if bundle else []
    return [program.native, bundle.version if bundle else 0, entries, program.problem]


def _from_plain(plain: Plain) -> Program:
    native, version, entries, problem = cast("tuple[str | None, int, list[Any], str]", plain)
    bundle = Bundle(version, tuple(Entry(*row) for row in entries)) if version else None
    return Program(native, bundle, problem)
