"""Read sys.modules of every interpreter: names, files, versions. Consistent, sliced, bounded.

A piece of CHUNK entries is taken when the table is the same, to the last field, after everything in
it was read. When modules come and go meanwhile, addresses are used again for other objects: then
only what two readings say alike is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sensor.resolvers.python.interpreters import Doubt, SysModules, chain, interpreter
from sensor.resolvers.python.objects import MAX_MODULES
from sensor.resolvers.python.progress import (
    ATTRIBUTES,
    CHANGING,
    NAMES,
    OPAQUE,
    STARTING,
    TOO_MANY,
    UNREADABLE,
    Progress,
    Walked,
    walked,
)
from sensor.resolvers.python.records import Reader, Records, list_of_texts, stdlib_of, types_of

if TYPE_CHECKING:
    from sensor.host.seam import Process
    from sensor.model.budget import Budget
    from sensor.model.finding import Plain
    from sensor.resolvers.python.locate import Place
    from sensor.resolvers.python.memory import Memory, Table
    from sensor.resolvers.python.modules import Module
    from sensor.resolvers.python.records import Types

# Entries of sys.modules in one step between two questions to the budget: 256 take 20 ms.
CHUNK = 256
# How often a table that changes is read again at once, and how often it is begun anew in all.
TRIES = 5
RESTARTS = 5
# Modules of all interpreters together that are kept: 10 MB of memo.
MAX_ALL = 2 * MAX_MODULES


def walk(process: Process, budget: Budget, place: Place, state: Plain = None) -> Walked | Progress:
    """Read all interpreters; when the budget is used up, the progress to be handed back as state.

    `state` is that progress as a plain dict, or None at first.
    """
    progress = Progress(**cast("dict[str, Any]", state or {}))
    found = chain(place.calibration.memory(process), place.calibration, place.bias)
    if isinstance(found, Doubt):
        progress.gap(UNREADABLE, [found.value])
        found = []
    for address in found:
        if address not in progress.finished:
            if not _Walker(process, place, address, progress).run(budget):
                return progress
            progress.finish(address)
    return walked(progress)


def token(process: Process, place: Place) -> Plain:
    """Changes when any interpreter imports something; None when it cannot be told."""
    memory = place.calibration.memory(process)
    found = chain(memory, place.calibration, place.bias)
    if isinstance(found, Doubt):
        return None
    words = memory.words(address + place.calibration.modules for address in found)
    tables = memory.tables([word or 0 for word in words])
    if None in tables:
        return None
    return [[at, *table.token()] for at, table in zip(found, tables, strict=True) if table]


class _Opened(NamedTuple):
    """A sys.modules that is being read; `memory` has seen nothing that is older than `table`."""

    table: Table
    types: Types
    memory: Memory
    reader: Reader

    @classmethod
    def at(cls, table: Table, types: Types, memory: Memory) -> _Opened:
        return cls(table, types, memory, Reader(memory, types))

    def renewed(self, table: Table) -> _Opened:
        """The same with a newer table, and nothing remembered."""
        return self.at(table, self.types, self.memory.renewed())


class _Seen(NamedTuple):
    """One reading of a piece of a table: keys that are no readable names, and the modules."""

    unnamed: list[int]
    records: Records


class _Walker:
    """The walk over one interpreter, into `progress`, one small step after the other."""

    def __init__(self, process: Process, place: Place, address: int, progress: Progress) -> None:
        self._process = process
        self._place = place
        self._address = address
        self._progress = progress
        self._open: _Opened | None = None
        self._done = False
        self._tries = 0
        self._before: set[Module] = set()

    def run(self, budget: Budget) -> bool:
        """Read the interpreter; False when the budget is used up before its end.

        Each call reads at least one piece, so that the walk ends whatever the budget is.
        """
        while not self._done:
            if self._open is None:
                self._begin()
            elif self._progress.at < self._open.table.keys.filled:
                self._chunk(self._open)
                if budget.due():
                    return False
            else:
                self._end(self._open)
        return True

    def _begin(self) -> None:
        """Find the table, and learn what `sys` says of the interpreter."""
        progress = self._progress
        memory, found = self._find()
        types = None if isinstance(found, Doubt) else types_of(memory, found)
        if isinstance(found, Doubt) or types is None:
            doubt = Doubt.WRONG if isinstance(found, SysModules) else found
            progress.gap(_REASONS[doubt], [doubt.value])
            self._done = True
            return
        if progress.keys == 0 and progress.restarts == 0:
            self._done = found.table.address in progress.tables
            progress.tables = list(dict.fromkeys([*progress.tables, found.table.address]))
        if progress.keys not in {0, found.table.head.keys}:
            self._anew()
            return
        progress.keys = found.table.head.keys
        self._facts(memory, found.sys)
        self._open = _Opened.at(found.table, types, memory)

    def _find(self) -> tuple[Memory, SysModules | Doubt]:
        """This interpreter's sys.modules as it is now, after bounded tries."""
        doubts = []
        for attempt in range(TRIES):
            fresh = attempt > 0 or self._progress.restarts > 0
            memory = self._place.calibration.memory(self._process, fresh=fresh)
            found = interpreter(memory, self._address, self._place.calibration.modules)
            if isinstance(found, SysModules) or found in {Doubt.EMPTY, Doubt.ABSENT}:
                return memory, found
            doubts.append(found)
        return memory, Doubt.TORN if Doubt.TORN in doubts else Doubt.WRONG

    def _facts(self, memory: Memory, names: dict[str, int]) -> None:
        """The version and paths of the process; all its interpreters are of one version."""
        progress = self._progress
        if progress.version is None and "version" in names:
            text = memory.texts([names["version"]])[names["version"]]
            progress.version = text.split(maxsplit=1)[0] if text and text.strip() else None
        progress.frozen = progress.frozen or "frozen" in names
        paths = list_of_texts(memory, names["path"]) if "path" in names else ()
        progress.paths = list(dict.fromkeys([*progress.paths, *paths]))

    def _chunk(self, opened: _Opened) -> None:
        """Read the next entries, and take what is certain."""
        table, first = opened.table, self._progress.at
        # A smaller piece is read sooner: of a table that changes without pause, the beginning.
        last = min(first + (CHUNK >> self._progress.restarts), table.keys.filled)
        seen = self._see(opened, first, last)
        now = opened.memory.renewed().table(table.address)
        if seen is None or now is None:
            self._anew()
        elif now == table:
            self._take(seen.records)
            self._progress.gap(NAMES, map(hex, seen.unnamed))
            self._progress.at, self._tries = last, 0
        else:
            self._doubtful(opened, seen, now, last)

    def _doubtful(self, opened: _Opened, seen: _Seen, now: Table, last: int) -> None:
        """The table changed while its entries were read: take what was seen like this before."""
        modules = seen.records.modules
        certain = [module for module in modules if module in self._before]
        self._take(Records(certain))
        self._before.update(modules)
        if not _same_keys(now, opened.table):
            self._anew()
            return
        self._open, self._tries = opened.renewed(now), self._tries + 1
        whole = len(certain) == len(modules) and not seen.unnamed
        if whole:
            self._take(seen.records)
        elif self._tries > TRIES:
            self._progress.gap(CHANGING, ["modules came and went"])
        else:
            return
        self._progress.at, self._tries = last, 0

    def _see(self, opened: _Opened, first: int, last: int) -> _Seen | None:
        """Read entries of the table, and the modules in them; None when the entries are absent."""
        memory = opened.memory
        entries = memory.entries([(opened.table, first, last)])[0]
        if entries is None:
            return None
        live = [(key, value) for key, value in entries if value]
        texts = memory.texts(key for key, _ in live)
        pairs = [(name, value) for key, value in live if (name := texts[key]) is not None]
        unnamed = [key for key, _ in live if texts[key] is None]
        return _Seen(unnamed, opened.reader.read(pairs, self._progress.stdlib))

    def _take(self, records: Records) -> None:
        progress = self._progress
        progress.rows |= {m.name: [m.file, m.version] for m in records.modules}
        files = {m.name: m.file for m in records.modules if m.file}
        progress.stdlib = progress.stdlib or stdlib_of(files)
        progress.gap(OPAQUE, records.opaque)
        progress.gap(ATTRIBUTES, records.unreadable)
        if len(progress.rows) + sum(map(len, progress.earlier)) > MAX_ALL:
            progress.gap(TOO_MANY, [f"more than {MAX_ALL}"])
            self._done = True

    def _end(self, opened: _Opened) -> None:
        """All entries are read: done, unless more were imported meanwhile."""
        table = opened.table
        now = opened.memory.renewed().table(table.address)
        if now is None or not _same_keys(now, table):
            self._anew()
        elif now.keys.filled > table.keys.filled:
            self._open = opened.renewed(now)
        else:
            self._done = True

    def _anew(self) -> None:
        """The table was replaced: read it from its beginning, but not for ever.

        What was read stays, for it was in sys.modules while we looked.
        """
        self._open = None
        self._progress.at = self._progress.keys = 0
        self._progress.restarts += 1
        if self._progress.restarts > RESTARTS:
            self._progress.gap(CHANGING, ["its table was replaced again and again"])
            self._done = True


def _same_keys(now: Table, before: Table) -> bool:
    """Whether entries were only appended to the keys table since."""
    same = now.head.keys == before.head.keys and now.keys[:2] == before.keys[:2]
    return same and now.keys.filled >= before.keys.filled


_REASONS = {
    Doubt.EMPTY: STARTING,
    Doubt.TORN: CHANGING,
    Doubt.ABSENT: UNREADABLE,
    Doubt.WRONG: UNREADABLE,
}
