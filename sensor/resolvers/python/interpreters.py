"""Is this sys.modules, and which interpreters are there? The test that all searching rests on.

A dict is sys.modules when `sys` and `builtins` are among its first keys and the dict of that `sys`
module says that its `modules` is this very dict: no other object can be that by accident.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from sensor.resolvers.python.layouts import LAYOUTS
from sensor.resolvers.python.memory import Memory
from sensor.resolvers.python.objects import is_pointer

if TYPE_CHECKING:
    from sensor.host.seam import Process
    from sensor.model.finding import Plain
    from sensor.resolvers.python.memory import Table

# CPython makes `sys` and `builtins` before anything else; there is room for a reordering.
FIRST_KEYS = 16
# While the interpreter starts, sys.modules is there before `sys`, `builtins` and the first twenty
# others are in it (Python/pylifecycle.c: pycore_init_builtins).
YOUNG = 8
# The dict of `sys` has about 100 items; programs add a few (sys.frozen, sys._MEIPASS).
MAX_SYS = 2048
# A server that makes one interpreter for each application has tens of them.
MAX_INTERPRETERS = 256
# Times that a dict whose keys make no sense is read again: with half of the readings torn, one
# sys.modules in a million is not recognised.
TRIES = 20


class Doubt(StrEnum):
    """Why an interpreter was not accepted."""

    ABSENT = "memory not present: never started, or swapped out"
    EMPTY = "not initialised"
    TORN = "changing"
    WRONG = "not an interpreter"


class SysModules(NamedTuple):
    """One interpreter's sys.modules, and the value addresses of the dict of its `sys` module."""

    table: Table
    sys: dict[str, int]


class Calibration(NamedTuple):
    """How to reach the interpreters of one binary.

    `slots` are addresses, relative to the load bias, of pointers to an interpreter; `modules` and
    `next` are offsets in PyInterpreterState; `layout` names the object layout; `how` is for people.
    """

    slots: tuple[int, ...]
    modules: int
    next: int
    layout: str
    how: str

    def plain(self) -> Plain:
        """A JSON array."""
        return [list(self.slots), *self[1:]]

    @classmethod
    def from_plain(cls, data: Any) -> Calibration:  # noqa: ANN401 - decoded JSON
        """The calibration of a JSON array made by `plain`."""
        slots, *rest = data
        return cls(tuple(slots), *rest)

    def memory(self, process: Process, *, fresh: bool = False) -> Memory:
        """A reader for this layout; `fresh` as in Memory."""
        return Memory(process, LAYOUTS[self.layout], fresh=fresh)


def sys_modules(memory: Memory, address: int) -> SysModules | Doubt:
    """The dict at an address as sys.modules, by the self-referential test."""
    table = _steady(memory, address)
    if isinstance(table, Doubt):
        return table
    first = _named(memory, table, FIRST_KEYS)
    if not {"sys", "builtins"} <= first.keys():
        return _doubt(memory, table)
    contents = memory.word(first["sys"] + memory.layout.header)
    of_sys = memory.table(contents) if contents and is_pointer(contents) else None
    if of_sys is None or of_sys.head.type != table.head.type:
        return _doubt(memory, table)
    names = _named(memory, of_sys, MAX_SYS)
    if names.get("modules") != address:
        return _doubt(memory, table)
    return SysModules(table, names)


def interpreter(memory: Memory, address: int, modules: int) -> SysModules | Doubt:
    """The sys.modules of the PyInterpreterState at an address; `modules` is the offset in it."""
    word = memory.word(address + modules) if is_pointer(address) else 0
    if word is None:
        return Doubt.ABSENT
    if word == 0:
        return Doubt.EMPTY if is_pointer(address) else Doubt.WRONG
    return sys_modules(memory, word)


def chain(memory: Memory, calibration: Calibration, bias: int) -> list[int] | Doubt:
    """The addresses of all interpreters, newest first; the main one is last.

    A chain with a loop or of more than MAX_INTERPRETERS ends there.
    """
    heads = memory.words(slot + bias for slot in calibration.slots)
    if None in heads:
        return Doubt.ABSENT
    found: dict[int, None] = {}
    for head in heads:
        at: int | None = head
        while at and at not in found and len(found) < MAX_INTERPRETERS and is_pointer(at):
            found[at] = None
            at = memory.word(at + calibration.next)
    if not found:
        return Doubt.WRONG if any(heads) else Doubt.EMPTY
    return list(found)


def validate(memory: Memory, calibration: Calibration, bias: int) -> Doubt | None:
    """None when the calibration leads to a sys.modules, else the mildest reason why not.

    One good interpreter is enough: another can just be starting or ending.
    """
    found = chain(memory, calibration, bias)
    if isinstance(found, Doubt):
        return found
    doubts = set()
    for address in found:
        answer = interpreter(memory, address, calibration.modules)
        if isinstance(answer, SysModules):
            return None
        doubts.add(answer)
    return Doubt.TORN if Doubt.TORN in doubts else min(doubts)


def _steady(memory: Memory, address: int) -> Table | Doubt:
    """The dict at an address, unless it is read in the middle of a resize."""
    if not is_pointer(address):
        return Doubt.WRONG
    table = memory.table(address)
    if table is not None:
        return Doubt.TORN if table.resizing else table
    # Head and keys are read one after the other: a resize between them looks like nonsense.
    again = (memory.renewed().table(address) for _ in range(TRIES))
    return Doubt.TORN if memory.has_head(address) and any(again) else Doubt.WRONG


def _named(memory: Memory, table: Table, limit: int) -> dict[str, int]:
    """Name and value address of the first live entries of a dict."""
    entries = memory.entries([(table, 0, min(table.keys.filled, limit))])[0] or []
    live = [(key, value) for key, value in entries if value]
    texts = memory.texts(key for key, _ in live)
    return {text: value for key, value in live if (text := texts.get(key)) is not None}


def _doubt(memory: Memory, table: Table) -> Doubt:
    """Why a dict that is no sys.modules is none: it can be one that has only begun."""
    if not memory.unchanged([table])[0]:
        return Doubt.TORN
    return Doubt.EMPTY if table.head.used < YOUNG else Doubt.WRONG
