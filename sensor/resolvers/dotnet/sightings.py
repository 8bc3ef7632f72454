"""Where assemblies are seen in a process, by its mappings and descriptors. Nothing is opened.

The runtime maps an assembly from its file, or, .NET Core 2.0 with code that is not precompiled,
copies it and keeps the file open. One that a program loads from bytes is copied into shared memory
without a name (/dev/zero in maps), at its start: measured on 2.0, 2.1, 3.1, 8.0 and 10.0. In a
single-file program the mapping begins at the page of the file's place in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sensor.resolvers.dotnet import bundled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sensor.formats.netbundle import Bundle, Entry
    from sensor.host.seam import Process
    from sensor.model.process import Mapping

# The largest applications seen load some 500.
MAX_SIGHTINGS = 2000
SUFFIXES = (".dll", ".exe")
DELETED = " (deleted)"
# How maps shows shared memory without a file (mm/shmem.c, shmem_zero_setup).
SHARED = "/dev/zero"
MAPPED, OPENED, BUNDLED, COPIED = "mapping", "descriptor", "bundle", "image"
# In a bundle, on a page where another file begins as well.
UNSURE = "page"
# The headers of a file: those of compilers fit, and hold its time and size.
HEAD = 512


class Sighting(NamedTuple):
    """One assembly, or what may be one.

    `how` is MAPPED, OPENED, BUNDLED, COPIED or UNSURE. `path` is the file as a process sees it; of
    one in a bundle that of the program, of a copy empty. `detail` is what a person would look for
    there. `key` tells it from all others in the process, also at the next look.
    """

    how: str
    path: str
    detail: str
    key: str
    mapping: Mapping | None = None
    entry: Entry | None = None


def of(process: Process, bundle: Bundle | None) -> tuple[list[Sighting], bool]:
    """All of them, each file once, and whether there are more than MAX_SIGHTINGS."""
    found: dict[str, Sighting] = {}
    for sighting in _all(process, bundle):
        if len(found) == MAX_SIGHTINGS and sighting.key not in found:
            return [*found.values()], True
        found.setdefault(sighting.key, sighting)
    return [*found.values()], False


def _all(process: Process, bundle: Bundle | None) -> Iterator[Sighting]:
    maps = process.maps()
    yield from _mapped(process, maps)
    if bundle:
        yield from _bundled(process.exe, maps, bundle)
    if process.memory_gap is not None or any(_is_converted(mapping) for mapping in maps):
        yield from _opened(process, {mapping.path for mapping in maps if mapping.inode})
    yield from _copied(process, maps)


def _opened(process: Process, mapped: set[str]) -> Iterator[Sighting]:
    for number, target in process.descriptors():
        path = target.removesuffix(DELETED)
        if path.lower().endswith(SUFFIXES) and path.startswith("/") and path not in mapped:
            yield Sighting(OPENED, path, f"descriptor {number}", path)


def _is_converted(mapping: Mapping) -> bool:
    """Whether .NET Core 2.0 may have copied a file here, part by part, its headers first."""
    return mapping.path == SHARED and mapping.offset == 0 and mapping.perms == "r--s"


def copies(process: Process) -> list[tuple[int, int]]:
    """Start and inode of each such copy: with another one, another file counts."""
    return [(m.start, m.inode) for m in process.maps() if _is_converted(m)]


def converted(process: Process) -> frozenset[bytes]:
    """The headers of all files that .NET Core 2.0 has copied into memory."""
    ranges = [(m.start, min(m.size, HEAD)) for m in process.maps() if _is_converted(m)]
    return frozenset(head for head in process.read(ranges[:MAX_SIGHTINGS]) if head)


def _mapped(process: Process, maps: Sequence[Mapping]) -> Iterator[Sighting]:
    others = {}
    for mapping in maps:
        if not mapping.inode or mapping.path in {process.exe, SHARED}:
            continue
        if mapping.path.lower().endswith(SUFFIXES):
            yield _of_mapping(mapping)
        elif mapping.offset == 0 and not _is_other(mapping):
            others[mapping.file_key] = mapping
    # LoadFrom takes any name: what begins like an assembly is looked at.
    heads = process.read([(mapping.start, 2) for mapping in others.values()])
    for mapping, head in zip(others.values(), heads, strict=True):
        if head == b"MZ":
            yield _of_mapping(mapping)


def _is_other(mapping: Mapping) -> bool:
    """A library or no file at all: no assembly, whose first mapping is only to be read."""
    name = mapping.path.rpartition("/")[2]
    return not mapping.perms.startswith("r--") or ".so" in name or not mapping.path.startswith("/")


def _of_mapping(mapping: Mapping) -> Sighting:
    key = f"{mapping.device} {mapping.inode}"
    return Sighting(MAPPED, mapping.path, place(mapping), key, mapping)


def place(mapping: Mapping) -> str:
    """How maps begins its line."""
    return f"{mapping.start:x}-{mapping.end:x} {mapping.perms}"


def _copied(process: Process, maps: Sequence[Mapping]) -> Iterator[Sighting]:
    """Copies of bytes: shared memory of no file that begins with "MZ"."""
    shared = [m for m in maps if m.path == SHARED and m.offset == 0 and m.perms == "rw-s"]
    heads = process.read([(mapping.start, 2) for mapping in shared])
    for mapping, head in zip(shared, heads, strict=True):
        if head == b"MZ":
            detail = f"a copy of bytes at {place(mapping)}"
            yield Sighting(COPIED, "", detail, f"at {mapping.start:x} {mapping.inode}", mapping)


def _bundled(exe: str, maps: Sequence[Mapping], bundle: Bundle) -> Iterator[Sighting]:
    """The files of the bundle that are mapped, and those of which it cannot be told."""
    own = [mapping for mapping in maps if mapping.inode and mapping.path == exe]
    found = bundled.loaded(own, bundle.entries)
    for entry, mapping in found.sure:
        key = f"entry {entry.offset}"
        yield Sighting(BUNDLED, exe, f"{entry.path} at {place(mapping)}", key, mapping, entry)
    for entry in found.unsure:
        yield Sighting(UNSURE, exe, entry.path, f"page of {entry.offset}")
