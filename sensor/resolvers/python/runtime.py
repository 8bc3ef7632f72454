"""From _PyRuntime to the interpreters: by debug offsets, by table, or by looking around in it.

The first two need nothing but the file. The third derives the offsets from a live process, for a
3.7 - 3.12 build that keeps them elsewhere than the table says.
"""

from __future__ import annotations

from struct import unpack
from typing import TYPE_CHECKING

from sensor.resolvers.python import layouts
from sensor.resolvers.python.interpreters import Calibration, SysModules, sys_modules, validate
from sensor.resolvers.python.layouts import ROWS, Row
from sensor.resolvers.python.memory import Memory
from sensor.resolvers.python.objects import is_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.host.seam import Process
    from sensor.resolvers.python.anchors import Anchors

# interpreters.head stands in the first 40 bytes of _PyRuntime in every version of the table.
RUNTIME_SIZE = 1024
# PyInterpreterState.modules stands in the first 952 bytes in every version of the table.
INTERPRETER_SIZE = 2048
# A page is 4 KiB or a multiple of it: within one, memory is wholly there, or not at all.
PAGE = 4096


def known(anchors: Anchors) -> list[Calibration]:
    """Ways to the interpreters that the file alone tells, the surest first; to be validated."""
    if anchors.debug is not None:
        return _by_debug_offsets(anchors)
    rows = sorted(ROWS, key=lambda row: row.minor != anchors.minor)
    result = []
    for row in rows:
        slot = anchors.head if row.head is None else anchors.runtime
        if slot is not None:
            slot += row.head or 0
            result.append(_calibration((slot,), row, f"table of 3.{row.minor}"))
    return result


def around_runtime(process: Process, runtime: int, bias: int) -> Calibration | None:
    """Find interpreters.head and PyInterpreterState.modules; `runtime` is without the bias."""
    words = _words(process, runtime + bias, RUNTIME_SIZE)
    places: dict[int, list[int]] = {}
    for offset, word in words.items():
        if is_pointer(word):
            places.setdefault(word, []).append(runtime + offset)
    # Where there is one interpreter, head and main follow each other and are equal: seen twice.
    for target, slots in sorted(places.items(), key=lambda item: -len(item[1])):
        for layout, modules in _modules_in(process, target):
            found = Calibration(tuple(slots), modules, 0, layout.name, "calibration")
            if validate(Memory(process, layout), found, bias) is None:
                return found
    return None


def pieces(start: int, size: int) -> list[tuple[int, int]]:
    """The (start, size) ranges of a piece of memory, cut at page borders: some can be absent."""
    end, result = start + size, []
    while start < end:
        step = min(PAGE - start % PAGE, end - start)
        result.append((start, step))
        start += step
    return result


def _by_debug_offsets(anchors: Anchors) -> list[Calibration]:
    if anchors.debug is None or anchors.runtime is None:
        return []
    minor, free_threaded, head, following, modules = anchors.debug
    chosen = [layouts.FREE_BYTE, layouts.FREE] if free_threaded else [layouts.SHORT]
    if minor == layouts.FIRST_DEBUG_MINOR:
        chosen.reverse()
    slots = (anchors.runtime + head,)
    return [Calibration(slots, modules, following, x.name, "debug offsets") for x in chosen]


def _calibration(slots: tuple[int, ...], row: Row, how: str) -> Calibration:
    return Calibration(slots, row.modules, row.next, row.layout.name, how)


def _modules_in(process: Process, target: int) -> Iterator[tuple[layouts.Layout, int]]:
    """Layout and offset of each word in the piece of memory at `target` that is a sys.modules."""
    words = {o: w for o, w in _words(process, target, INTERPRETER_SIZE).items() if is_pointer(w)}
    for layout in (layouts.OLD, layouts.KEYS, layouts.SHORT):
        memory = Memory(process, layout)
        tables = memory.tables(list(words.values()))
        for offset, table in zip(words, tables, strict=True):
            if table and isinstance(sys_modules(memory, table.address), SysModules):
                yield layout, offset


def _words(process: Process, start: int, size: int) -> dict[int, int]:
    """The 8-byte words at each offset of a piece of memory, as far as it is there."""
    result: dict[int, int] = {}
    ranges = pieces(start, size)
    for (at, length), data in zip(ranges, process.read(ranges), strict=True):
        if data is not None:
            words = unpack(f"<{length // 8}Q", data[: length & ~7])
            result |= {at - start + 8 * i: word for i, word in enumerate(words)}
    return result
