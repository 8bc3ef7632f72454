"""Find the interpreters without symbols, sections or version: by their structure alone.

Every word of the writable data of a program is a candidate for a pointer to a PyInterpreterState;
what stands at the offsets of a table row must be a sys.modules that passes the self-referential
test. For 3.6 - 3.12 only: later versions carry their cookie. It goes in small steps, so that it can
stop at a budget and go on at the next look.
"""

from __future__ import annotations

from bisect import bisect_right
from struct import unpack
from typing import TYPE_CHECKING, NamedTuple

from sensor.resolvers.python.interpreters import Calibration, SysModules, interpreter
from sensor.resolvers.python.layouts import ROWS, Row
from sensor.resolvers.python.memory import Memory
from sensor.resolvers.python.objects import is_pointer
from sensor.resolvers.python.runtime import pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sensor.host.seam import Process
    from sensor.model.process import Mapping

# Writable data of the largest interpreter seen (3.12 with everything built in) is 3 MB.
MAX_BYTES = 8 << 20
# Words looked at in one step: 64 KiB take about 10 ms.
STEP = 64 << 10
# Candidates that are followed: 12,000 in the largest interpreter seen.
MAX_CANDIDATES = 200_000


class Step(NamedTuple):
    """One step of a search: where the next begins (None: it is over), and what it found.

    `found` is rows of ROWS by index, each with the address of a pointer to an interpreter.
    """

    next: int | None
    candidates: int
    found: list[tuple[int, int]]


def writable(process: Process, mappings: Sequence[Mapping]) -> list[tuple[int, int]]:
    """(start, size) of the writable data of a mapped file, with the zeroed memory behind it."""
    of_file = [(m.start, m.size) for m in mappings if "w" in m.perms]
    ends = {start + size for start, size in of_file}
    zeroed = [
        (m.start, m.size)
        for m in process.maps()
        if not m.inode and m.start in ends and m.perms.startswith("rw")
    ]
    return sorted(of_file + zeroed)


def step(process: Process, ranges: Sequence[tuple[int, int]], at: int) -> Step:
    """Look at the words from byte `at` of the ranges on, STEP bytes of them."""
    part, following = _part(ranges, at)
    slots = _candidates(process, part)
    return Step(following, len(slots), _interpreters(process, slots))


def result(found: Iterable[tuple[int, int]], bias: int) -> Calibration | None:
    """The calibration by all that the steps found: the row with most pointers, all of them.

    One pointer is the head of the list, another can be the main interpreter: the union of what is
    reached from all of them is all interpreters.
    """
    rows: dict[int, list[int]] = {}
    for index, address in found:
        rows.setdefault(index, []).append(address - bias)
    if not rows:
        return None
    best = max(rows, key=lambda index: len(rows[index]))
    row = ROWS[best]
    return Calibration(
        tuple(rows[best]), row.modules, row.next, row.layout.name, "structural search"
    )


def _part(ranges: Sequence[tuple[int, int]], at: int) -> tuple[list[tuple[int, int]], int | None]:
    """The piece of the ranges that begins `at` bytes into them, and where the next one begins."""
    skip = at
    for start, size in ranges:
        if skip < size:
            length = min(size - skip, STEP)
            following = at + length
            last = following >= min(sum(s for _, s in ranges), MAX_BYTES)
            return pieces(start + skip, length), None if last else following
        skip -= size
    return [], None


def _candidates(process: Process, part: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """(address of the word, word) of each word that points into writable memory."""
    in_data = _InData(process)
    slots = []
    for (at, length), data in zip(part, process.read(part), strict=True):
        words = unpack(f"<{length // 8}Q", data[: length & ~7]) if data else ()
        slots += [
            (at + 8 * i, word) for i, word in enumerate(words) if is_pointer(word) and in_data(word)
        ]
    return slots


class _InData:
    """Whether an address lies in writable memory."""

    def __init__(self, process: Process) -> None:
        areas = [(m.start, m.end) for m in process.maps() if m.perms.startswith("rw")]
        self._starts = [start for start, _ in areas]
        self._ends = [end for _, end in areas]

    def __call__(self, address: int) -> bool:
        index = bisect_right(self._starts, address) - 1
        return index >= 0 and address < self._ends[index]


def _interpreters(process: Process, slots: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """(index of row, address of the word) of those words that point to an interpreter."""
    second = _plausible(process, list(dict.fromkeys(target for _, target in slots)))
    found = []
    for index, row in enumerate(ROWS):
        good = _of_row(Memory(process, row.layout), row, second)
        found += [(index, at) for at, target in slots if target in good]
    return found


def _plausible(process: Process, targets: Sequence[int]) -> dict[int, int]:
    """Address and second word of what can be a PyInterpreterState: it begins with `next`.

    Nearly all other objects begin with a reference count, which is neither 0 nor a pointer.
    """
    heads = process.read([(target, 16) for target in targets])
    result = {}
    for target, data in zip(targets, heads, strict=True):
        if data is not None:
            following, second = unpack("<QQ", data)
            if following == 0 or is_pointer(following):
                result[target] = second
    return result


def _of_row(memory: Memory, row: Row, second: dict[int, int]) -> set[int]:
    """Which of these (by address, with their second word) are a PyInterpreterState of this row."""
    targets = [t for t, word in second.items() if is_pointer(word) or not row.threads]
    words = memory.words(target + row.modules for target in targets)
    pairs = [(t, w) for t, w in zip(targets, words, strict=True) if w and is_pointer(w)]
    tables = memory.tables([word for _, word in pairs])
    return {
        target
        for (target, _), table in zip(pairs, tables, strict=True)
        if table and isinstance(interpreter(memory, target, row.modules), SysModules)
    }
