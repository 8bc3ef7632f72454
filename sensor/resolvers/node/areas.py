"""Which memory of a process can hold what: the heaps of V8, its read-only part, that of malloc."""

from __future__ import annotations

from struct import unpack
from typing import TYPE_CHECKING

from sensor.resolvers.node.layouts import WORD

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
# Its guard is one page, or as the program asks; between arenas of malloc there is far more.
MAX_GUARD = 1 << 20
# glibc leaves the last pages of the stack of a thread that has ended: PTHREAD_STACK_MIN, which is
# four, and what it keeps of the thread. Six were seen, and nine to fifteen of an idle worker.
STACK_TOP = 7 * SMALL


def words(process: Process, ranges: Sequence[Range]) -> list[tuple[int, ...]]:
    """The words of each (address, bytes); 0 where a page is absent: malloc gives some back."""
    parts = [list(_by_page(start, size)) for start, size in ranges]
    read = iter(process.read([part for some in parts for part in some]))
    texts = [b"".join(next(read) or bytes(size) for _, size in some) for some in parts]
    return [unpack(f"<{len(text) // WORD}Q", text) for text in texts]


def _by_page(start: int, size: int) -> Iterator[Range]:
    end = start + size
    while start < end:
        border = min(end, start - start % SMALL + SMALL)
        yield start, border - start
        start = border


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


def everywhere(process: Process) -> list[Range]:
    """(start, size) of all of it, where malloc is another one than that of glibc."""
    program = [(m.start, m.size) for m in process.maps() if m.path == "[heap]"]
    return sorted(program + heap(process))


def first_stack(process: Process) -> int:
    """The end of the stack of the first thread; 0 when it is not told."""
    return next((m.end for m in process.maps() if m.path == "[stack]"), 0)


def stacks(process: Process) -> list[Range]:
    """(start, size) of the stacks of all threads but the first."""
    found: list[Range] = []
    before: Mapping | None = None
    for mapping in process.maps():
        if before is not None and _is_stack(before, mapping):
            found.append((mapping.start, mapping.size))
        before = mapping
    return found


def in_use(process: Process, address: int, end: int) -> bool:
    """Whether a thread lives whose stack may grow down to `address` and begins at `end`.

    glibc keeps the stack of a thread that has ended for another one, and gives its pages back, all
    but the last ones (nptl/allocatestack.c, advise_stack_range).
    """
    size = end - STACK_TOP - address
    return size > 0 and bool(process.find(bytes(8), [(address, size)], limit=1))


def _is_stack(guard: Mapping, mapping: Mapping) -> bool:
    if guard.end != mapping.start or guard.perms != "---p" or guard.size > MAX_GUARD:
        return False
    return _anonymous(mapping) and mapping.perms == "rw-p" and mapping.size >= MIN_STACK


def _anonymous(mapping: Mapping) -> bool:
    return not mapping.inode and (not mapping.path or mapping.path.startswith("[anon"))
