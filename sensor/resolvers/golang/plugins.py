"""Shared objects built by Go inside a Go process: recognised and named as a gap, not read yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensor.errors import FileRefused
from sensor.model.finding import Gap
from sensor.resolvers.golang import analysis
from sensor.resolvers.golang.facts import RUNTIME
from sensor.resolvers.golang.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.host.seam import Cache, Process
    from sensor.model.finding import Plain
    from sensor.model.process import Mapping

CACHE = "golang.object"
# A cgo program maps a dozen; each new one costs an open and some small reads.
MAX_OBJECTS = 64
# Parts of the C library and of the compiler: never built by Go.
SYSTEM = (
    *("ld-", "libc.", "libc-", "libm.", "libm-", "libdl", "libpthread", "librt", "libresolv"),
    *("libnss_", "libgcc_s", "libstdc++"),
)


def look(process: Process, cache: Cache, known: dict[str, bool]) -> tuple[list[Gap], Plain]:
    """Gaps for the Go objects of a process, and what to hand in as `known` at the next look."""
    gaps: list[Gap] = []
    objects: dict[str, Plain] = {}
    for count, mapping in enumerate(_objects(process)):
        if count == MAX_OBJECTS:
            gaps.append(Gap(RUNTIME, Reason.MANY_OBJECTS, f"more than {MAX_OBJECTS}"))
            break
        key = f"{mapping.device}.{mapping.inode}"
        try:
            built_by_go = known[key] if key in known else _check(process, mapping, cache)
        except FileRefused as error:
            gaps.append(Gap(RUNTIME, Reason.OBJECT_REFUSED, str(error)))
            continue
        objects[key] = built_by_go
        if built_by_go:
            gaps.append(Gap(RUNTIME, Reason.PLUGIN, mapping.path))
    return gaps, objects


def _objects(process: Process) -> Iterator[Mapping]:
    """One executable mapping of each mapped file but the program and the C library."""
    seen: set[tuple[str, int]] = set()
    for mapping in process.maps():
        if not mapping.inode or "x" not in mapping.perms or mapping.path == process.exe:
            continue
        name = mapping.path.rpartition("/")[2]
        if mapping.file_key not in seen and not name.startswith(SYSTEM):
            seen.add(mapping.file_key)
            yield mapping


def _check(process: Process, mapping: Mapping, cache: Cache) -> bool:
    with process.files.open_mapped(mapping) as file:
        known = cache.get(CACHE, file.id)
        if known is None:
            known = analysis.is_go(file)
            cache.put(CACHE, file.id, known)
        return bool(known)
