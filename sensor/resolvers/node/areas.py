"""Which memory of a process can hold what: the heaps of V8, its read-only part, that of malloc."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sensor.formats.source import Range
    from sensor.host.seam import Process
    from sensor.model.process import Mapping

# V8's pages begin at a multiple of this (V8: kRegularPageSize, 256 KiB; 512 KiB in V8 6.8).
PAGE = 1 << 18
# The kernel's pages: some of a range can be absent.
SMALL = 1 << 12
# The read-only heap has 90 to 900 KB in the versions seen; sealed before the first script runs.
MAX_READ_ONLY = 8 << 20
# V8 6.8 seals it but for its first page, which joins the writable memory in front.
READ_ONLY_HEAD = 1 << 19
# glibc: HEAP_MAX_SIZE, where the arena of a thread begins (malloc/arena.c).
ARENA = 64 << 20
# A thread's stack begins behind a page that nobody may touch (pthread_create(3)); it has at least
# a megabyte in Node.js (4 MiB for workers, 8 MiB by default).
MIN_STACK = 1 << 20


def heap(process: Process) -> list[Range]:
    """(start, size) of the anonymous writable memory: objects of V8 lie there."""
    return [(m.start, m.size) for m in process.maps() if _anonymous(m) and m.perms == "rw-p"]


def read_only(process: Process) -> list[Range]:
    """(start, size) of what can be the read-only heap, with what can be its first page."""
    found: list[Range] = []
    before: Mapping | None = None
    for mapping in process.maps():
        if _anonymous(mapping) and mapping.perms == "r--p" and mapping.size <= MAX_READ_ONLY:
            start = mapping.start
            if before is not None and before.end == start and before.perms == "rw-p":
                start = max(before.start, start - start % READ_ONLY_HEAD)
            found.append((start, mapping.end - start))
        before = mapping
    return found


def malloc(process: Process) -> list[Range]:
    """(start, size) of memory that malloc has: of the first thread, then of others."""
    program = [(m.start, m.size) for m in process.maps() if m.path == "[heap]"]
    arenas = [
        (m.start, m.size)
        for m in process.maps()
        if _anonymous(m) and m.perms == "rw-p" and m.start % ARENA == 0
    ]
    return program + arenas


def first_stack(process: Process) -> int:
    """The end of the stack of the first thread; 0 when it is not told."""
    return next((m.end for m in process.maps() if m.path == "[stack]"), 0)


def threads(process: Process) -> int:
    """A number that is another one when threads have come or gone: by their stacks."""
    return hash(tuple(_stacks(process.maps())))


def _stacks(maps: Sequence[Mapping]) -> Iterator[int]:
    before: Mapping | None = None
    for mapping in maps:
        guarded = before is not None and before.end == mapping.start and before.perms == "---p"
        if guarded and _anonymous(mapping) and mapping.size >= MIN_STACK:
            yield mapping.end
        before = mapping


def _anonymous(mapping: Mapping) -> bool:
    return not mapping.inode and (not mapping.path or mapping.path.startswith("[anon"))
