"""What is known of the files of one process, and reading those that are new, in slices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sensor.model.file import FileId
from sensor.resolvers.golang import analysis, facts
from sensor.resolvers.golang.program import Form

if TYPE_CHECKING:
    from sensor.host.seam import Cache, File, Process
    from sensor.model.budget import Budget
    from sensor.model.finding import Plain
    from sensor.model.process import Mapping

CACHE = "golang.program"
OTHER = {"form": Form.OTHER.value}

Object = dict[str, Any]


class Files:
    """The files that a process maps. `memo` is plain data: what is known, and how far reading is.

    A file does not change while it is mapped: one that was read is not opened again.
    """

    def __init__(self, process: Process, budget: Budget, cache: Cache, memo: Object) -> None:
        """Go on from `memo`, and add to it."""
        self._process = process
        self._budget = budget
        self._cache = cache
        # Each slice reads something, however little time it has.
        self._opened = False
        self._known: dict[str, list[Any] | None] = memo.setdefault("files", {})
        self._progress: dict[str, Any] = memo.setdefault("progress", {})

    def known(self, mapping: Mapping) -> Object | None:
        """What a mapped file says, as `facts.remember` has it; None when time is up.

        Raises FileRefused.
        """
        key = f"{mapping.device} {mapping.inode}"
        if key in self._known:
            identity = self._known[key]
            known = self._cache.get(CACHE, FileId(*identity)) if identity else OTHER
            if known:
                return cast("Object", known)
        elif self._opened and self._budget.due():
            return None
        self._opened = True
        with self._process.files.open_mapped(mapping) as file:
            found = self._read(key, file)
            if found:
                is_other = found["form"] == Form.OTHER
                self._known[key] = None if is_other else list(file.id)
            return found

    def _read(self, key: str, file: File) -> Object | None:
        known = cast("Object | None", self._cache.get(CACHE, file.id))
        if known:
            return known
        token, state = file.id.token(), self._progress.pop(key, None)
        progress = analysis.Progress.from_plain(
            state["at"] if state and state["of"] == token else None
        )
        program = analysis.analyse(file, progress, self._budget.due)
        if program is None:
            self._progress[key] = {"of": token, "at": progress.to_plain()}
            return None
        known = cast("Object", facts.remember(program))
        self._cache.put(CACHE, file.id, cast("Plain", known))
        return known
