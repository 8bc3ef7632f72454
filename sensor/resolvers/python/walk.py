"""Read sys.modules of every interpreter: names, files, versions. Consistent, sliced, bounded.

A piece of CHUNK entries is taken only when, after everything was read, the same entries still stand
in the table: so all modules were alive meanwhile. What changes all the time is left out and said.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sensor.resolvers.python.interpreters import Doubt, SysModules, chain, interpreter
from sensor.resolvers.python.modules import Imported, Module
from sensor.resolvers.python.records import Reader, list_of_texts, stdlib_of, types_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensor.host.seam import Process
    from sensor.model.budget import Budget
    from sensor.model.finding import Plain
    from sensor.resolvers.python.locate import Place
    from sensor.resolvers.python.memory import Memory, Table
    from sensor.resolvers.python.records import Records

# Entries of sys.modules in one step between two questions to the budget: 256 take 10 ms.
CHUNK = 256
# How often a table that changes is read again at once, and how often it is begun anew in all.
TRIES = 5
RESTARTS = 5
# Modules of all interpreters together that are kept: 10 MB of memo.
MAX_ALL = 100_000
# Names told in the detail of a gap.
MAX_TOLD = 5

CHANGING = "sys.modules is changing"
UNREADABLE = "interpreter not readable"
STARTING = "interpreter is starting or ending"
NAMES = "module name not readable"
ATTRIBUTES = "module attributes not readable"
OPAQUE = "module object not readable"
TOO_MANY = "too many modules"


@dataclass(slots=True)
class Progress:
    """Where a walk is: plain data.

    `keys` and `at` are the table of the present interpreter and the next entry of it, `rows` its
    modules by name: [file, version]; `earlier` are the rows of finished interpreters. `gaps` are
    particulars by reason.
    """

    finished: list[int] = field(default_factory=list)
    keys: int = 0
    at: int = 0
    restarts: int = 0
    rows: dict[str, list[str | None]] = field(default_factory=dict)
    earlier: list[dict[str, list[str | None]]] = field(default_factory=list)
    gaps: dict[str, list[str]] = field(default_factory=dict)
    version: str | None = None
    stdlib: str | None = None
    frozen: bool = False
    paths: list[str] = field(default_factory=list)

    def plain(self) -> Plain:
        """A JSON object."""
        return {name: getattr(self, name) for name in self.__slots__}

    def gap(self, reason: str, details: Iterable[str]) -> None:
        """Note what could not be read."""
        new = list(details)
        if new:
            self.gaps.setdefault(reason, []).extend(new)

    def finish(self, address: int) -> None:
        """The present interpreter is read as far as it can be."""
        self.finished.append(address)
        self.earlier.append(self.rows)
        self.rows, self.keys, self.at, self.restarts = {}, 0, 0, 0


class Walked(NamedTuple):
    """All that was imported, in how many interpreters, and (reason, detail) of what is missing."""

    imported: Imported
    interpreters: int
    gaps: list[tuple[str, str]]


def walk(process: Process, budget: Budget, place: Place, state: Plain = None) -> Walked | Progress:
    """Read all interpreters; when the budget is used up, the progress to be handed back as state.

    `state` is that progress as a plain dict, or None at first.
    """
    progress = Progress(**cast("dict[str, Any]", state or {}))
    memory = place.calibration.memory(process)
    found = chain(memory, place.calibration, place.bias)
    if isinstance(found, Doubt):
        progress.gap(UNREADABLE, [found.value])
        found = []
    for address in found:
        if address not in progress.finished:
            if not _Walker(process, place, address, progress).run(budget):
                return progress
            progress.finish(address)
    return Walked(_imported(progress), len(progress.finished), _gaps(progress))


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


def _imported(progress: Progress) -> Imported:
    rows = dict.fromkeys(
        Module(name, file, version)
        for modules in progress.earlier
        for name, (file, version) in modules.items()
    )
    return Imported(
        tuple(rows), progress.version, progress.stdlib, progress.frozen, tuple(progress.paths)
    )


def _gaps(progress: Progress) -> list[tuple[str, str]]:
    """Reason and bounded detail. An odd object in a package that is known anyway hides nothing."""
    gaps = dict(progress.gaps)
    tops = {
        name.partition(".")[0]
        for modules in progress.earlier
        for name, (file, _) in modules.items()
        if file
    }
    odd = [name for name in gaps.pop(OPAQUE, []) if name.partition(".")[0] not in tops]
    if odd:
        gaps[OPAQUE] = odd
    return [(reason, _told(details)) for reason, details in gaps.items()]


def _told(details: list[str]) -> str:
    names = sorted(set(details))
    more = f" and {len(names) - MAX_TOLD} more" if len(names) > MAX_TOLD else ""
    return ", ".join(names[:MAX_TOLD]) + more


class _Walker:
    """The walk over one interpreter, into `progress`, one small step after the other."""

    def __init__(self, process: Process, place: Place, address: int, progress: Progress) -> None:
        self._process = process
        self._place = place
        self._address = address
        self._progress = progress
        self._open: tuple[Memory, Reader, Table] | None = None
        self._done = False

    def run(self, budget: Budget) -> bool:
        """Read the interpreter; False when the budget is used up before its end."""
        while not self._done:
            if self._open is None:
                self._begin()
            elif budget.due():
                return False
            elif self._progress.at < self._open[2].keys.filled:
                self._chunk(*self._open)
            else:
                self._end(*self._open)
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
        if progress.keys not in {0, found.table.head.keys}:
            self._anew()
        progress.keys = found.table.head.keys
        self._facts(memory, found.sys)
        self._open = memory, Reader(memory, types), found.table

    def _find(self) -> tuple[Memory, SysModules | Doubt]:
        """This interpreter's sys.modules as it is now, after bounded tries."""
        for attempt in range(TRIES):
            fresh = attempt > 0 or self._progress.restarts > 0
            memory = self._place.calibration.memory(self._process, fresh=fresh)
            found = interpreter(memory, self._address, self._place.calibration.modules)
            if found is not Doubt.TORN:
                break
        return memory, found

    def _facts(self, memory: Memory, names: dict[str, int]) -> None:
        """The version and paths of the process; all its interpreters are of one version."""
        progress = self._progress
        if progress.version is None and "version" in names:
            text = memory.texts([names["version"]])[names["version"]]
            progress.version = text.split(maxsplit=1)[0] if text and text.strip() else None
        progress.frozen = progress.frozen or "frozen" in names
        paths = list_of_texts(memory, names["path"]) if "path" in names else ()
        progress.paths = list(dict.fromkeys([*progress.paths, *paths]))

    def _chunk(self, memory: Memory, reader: Reader, table: Table) -> None:
        """Read the next entries; take them only if they are still there afterwards."""
        progress = self._progress
        part = table, progress.at, min(progress.at + CHUNK, table.keys.filled)
        entries = memory.entries([part])[0]
        live = [(key, value) for key, value in entries or () if value]
        texts = memory.texts(key for key, _ in live)
        pairs = {name: pair for pair in live if (name := texts[pair[0]]) is not None}
        records = reader.read([(n, value) for n, (_, value) in pairs.items()], progress.stdlib)
        again = memory.entries([part], fresh=True)[0]
        if entries is None or again is None or not memory.unchanged([table])[0]:
            self._anew()
            return
        still = set(again)
        gone = {name for name, pair in pairs.items() if pair not in still}
        self._take(records, gone)
        progress.gap(NAMES, [f"{len(live) - len(pairs)} names"] if len(pairs) < len(live) else [])
        progress.at = part[2]

    def _take(self, records: Records, gone: set[str]) -> None:
        """Keep what was read of modules that are still there."""
        progress = self._progress
        for module in records.modules:
            if module.name not in gone:
                progress.rows[module.name] = [module.file, module.version]
        files = {m.name: m.file for m in records.modules if m.file}
        progress.stdlib = progress.stdlib or stdlib_of(files)
        progress.gap(OPAQUE, set(records.opaque) - gone)
        progress.gap(ATTRIBUTES, set(records.unreadable) - gone)
        if len(progress.rows) + sum(map(len, progress.earlier)) > MAX_ALL:
            progress.gap(TOO_MANY, [f"more than {MAX_ALL}"])
            self._done = True

    def _end(self, memory: Memory, reader: Reader, table: Table) -> None:
        """All entries are read: done, unless more were imported meanwhile."""
        now = self._place.calibration.memory(self._process, fresh=True).table(table.address)
        if now is None or now.head.keys != table.head.keys or now.keys.filled < table.keys.filled:
            self._anew()
        elif now.keys.filled > table.keys.filled:
            self._open = memory, reader, now
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
            self._progress.gap(CHANGING, [f"read {RESTARTS} times"])
            self._done = True


_REASONS = {
    Doubt.EMPTY: STARTING,
    Doubt.TORN: CHANGING,
    Doubt.ABSENT: UNREADABLE,
    Doubt.WRONG: UNREADABLE,
}
