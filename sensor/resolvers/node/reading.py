"""Reading what was found, in steps: the scripts of each isolate, then the keys of each cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sensor.model.telling import few
from sensor.resolvers.node import read, reasons
from sensor.resolvers.node.caches import MAX_LOOKED
from sensor.resolvers.node.esm import path_of
from sensor.resolvers.node.words import Module

if TYPE_CHECKING:
    from sensor.host.seam import Process
    from sensor.model.budget import Budget
    from sensor.model.finding import Plain
    from sensor.resolvers.node.find import Place
    from sensor.resolvers.node.heap import Heap
    from sensor.resolvers.node.read import Scripts

# Times that what is read may change meanwhile, before that is reported.
MAX_TORN = 3
# Names in the detail of a gap.
MAX_NAMED = 5
MAX_NAME = 300


class Reading:
    """One reading of a place. Its state is plain data.

    `tokens` are those of the start, `settled` is that they tell of anything new. `lost` says that
    things are no longer where they were found, `missing` that something must be there which was
    not found: search again. `bare` is that an isolate has no Module._cache with anything in it.
    """

    def __init__(self, process: Process, heap: Heap, place: Place, state: Plain) -> None:
        """Go on from `state`, that of an earlier `plain`."""
        self._process = process
        self._heap = heap
        self._place = place
        known: Any = state or {}
        self._torn: int = known.get("torn", 0)
        self._rows: list[list[Any]] = known.get("rows", [])
        self._at: list[int] = known.get("at", [0, 0])
        self._workers: list[bool | None] = known.get("workers", [])
        self._begun: bool = known.get("begun", False)
        self._gaps: list[list[str]] = known.get("gaps", [])
        self._idle: list[str] = known.get("idle", [])
        self._odd: list[int] = known.get("odd", [0, 0])
        self._table: int = known.get("table", 0)
        self.tokens: list[list[int]] | None = known.get("tokens")
        self.settled: bool = known.get("settled", True)
        self.missing: bool = known.get("missing", False)
        self.bare: bool = known.get("bare", False)
        self.lost = False
        self._anew = False

    def plain(self) -> Plain:
        """The state, for the next slice."""
        if self._anew:
            return {"torn": self._torn}
        return {
            "torn": self._torn,
            "rows": cast("list[Plain]", self._rows),
            "at": cast("list[Plain]", self._at),
            "workers": cast("list[Plain]", self._workers),
            "begun": self._begun,
            "gaps": cast("list[Plain]", self._gaps),
            "idle": cast("list[Plain]", self._idle),
            "odd": cast("list[Plain]", self._odd),
            "table": self._table,
            "tokens": cast("list[Plain] | None", self.tokens),
            "settled": self.settled,
            "missing": self.missing,
            "bare": self.bare,
        }

    def run(self, budget: Budget) -> bool:
        """Go on; False when the slice is over, or something changed, before the end."""
        if self.tokens is None:
            self.tokens = read.tokens(self._process, self._heap, self._place)
            if self.tokens is None:
                self.lost = True
                return True
        if not self._begun and not self._scripts():
            return False
        while self._at[0] < len(self._place.caches):
            if not self._part() or budget.due():
                return False
        self._judge_idle()
        return True

    def told(self) -> Plain:
        """The tokens, as plain data."""
        return cast("Plain", self.tokens)

    def modules(self) -> list[Module]:
        """All modules, each once; of a worker only if no other isolate has it."""
        found: dict[tuple[str, str], bool] = {}
        for path, kind, worker in self._rows:
            found[path, kind] = found.get((path, kind), True) and worker
        return [Module(path, kind, worker) for (path, kind), worker in sorted(found.items())]

    def gaps(self) -> list[tuple[str, str]]:
        """(reason, detail) of what is not known."""
        found = [(reason, detail) for reason, detail in self._gaps]
        unread, strange = self._odd
        if unread:
            found.append((reasons.NAME_UNREADABLE, f"{unread} in Module._cache"))
        if strange:
            found.append((reasons.NOT_A_PATH, f"{strange} in Module._cache"))
        if self._place.full:
            found.append((reasons.TOO_MANY_MODULES, ""))
        if self._place.looked > MAX_LOOKED:
            found.append((reasons.TOO_MANY_CACHES, f"{self._place.looked} objects with paths"))
        return found

    def _again(self) -> bool:
        """Something has changed: whether to begin anew with the next slice; at last go on."""
        self._torn += 1
        self._anew = self._torn <= MAX_TORN
        if not self._anew:
            self.settled = False
            if [reasons.CACHE_TORN, ""] not in self._gaps:
                self._gaps.append([reasons.CACHE_TORN, ""])
        return self._anew

    def _scripts(self) -> bool:
        """Read the scripts, and by them the ES modules and whose each cache is."""
        listed = read.all_scripts(self._process, self._heap, self._place)
        if listed is None and self._again():
            return False
        self._begun = True
        self._judge(listed or [])
        return True

    def _judge(self, listed: list[Scripts]) -> None:
        caches = self._place.caches
        owners = [read.owner_of(self._heap, self._place, cache, listed) for cache in caches]
        self._workers = [self._worker(owner, listed) for owner in owners]
        modules, failed, self._idle = read.esm(self._place, listed)
        self._rows += [list(module) for module in modules]
        self._tell(reasons.ESM_FAILED, failed)
        without = read.without_cache(listed, owners)
        self._tell(reasons.CACHE_MISSING, without)
        self.missing = bool(without) or not listed or None in owners
        if not listed or None in owners:
            self._gaps.append([reasons.ISOLATE_UNKNOWN, ""])
        self.settled = self.settled and not without and bool(listed) and all(owners)
        have = {owner.isolate for owner in owners if owner}
        self.bare = any(each.lives and each.isolate not in have for each in listed)

    @staticmethod
    def _worker(owner: Scripts | None, listed: list[Scripts]) -> bool | None:
        """Is a cache a worker's; None when it is of no living isolate, so that nothing is said."""
        if owner is not None:
            return owner.isolate.worker if owner.lives else None
        return None if listed else False

    def _judge_idle(self) -> None:
        """Modules that did not run are not known; Node.js 10 makes such ones for CommonJS too."""
        have = {row[0] for row in self._rows}
        idle = [name for name in self._idle if path_of(name) not in have]
        self._tell(reasons.ESM_IDLE, idle)
        self.missing = self.missing or bool(idle)
        self.settled = self.settled and not idle

    def _tell(self, reason: str, names: list[str]) -> None:
        every = sorted(set(names))
        if every:
            told = few([name[:MAX_NAME] for name in every], MAX_NAMED)
            self._gaps.append([reason, told])

    def _part(self) -> bool:
        """Read a part of a cache; False to begin anew."""
        number, slot = self._at
        worker = self._workers[number]
        found = None
        if worker is not None:
            found = read.keys(self._heap, self._place, self._place.caches[number], slot)
            moved = found is None or (slot and found.table != self._table)
            if (moved or (found and found.changed)) and self._again():
                return False
        if found is None or worker is None:
            self._at = [number + 1, 0]
            return True
        self._table = found.table
        self._keep(found.keys, worker=worker)
        self._at = [number, found.next] if found.next else [number + 1, 0]
        return True

    def _keep(self, keys: list[str | None], *, worker: bool) -> None:
        for key in keys:
            if key is None:
                self._odd[0] += 1
            elif key.startswith("/"):
                self._rows.append(list(read.cjs(key, worker=worker)))
            else:
                self._odd[1] += 1
