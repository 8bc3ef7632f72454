"""All import roots of one look, each opened or taken from the cache once."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from sensor.closing import Closing
from sensor.errors import FileRefused, Malformed
from sensor.formats.zipdir import Archive
from sensor.resolvers.python import reasons
from sensor.resolvers.python.folder import Directory, Zipped, archive_above
from sensor.resolvers.python.site import Index, Site, archive_files, build

if TYPE_CHECKING:
    from sensor.host.seam import Cache, Process
    from sensor.model.budget import Budget
    from sensor.model.file import FileId

# Values change their meaning with the number.
SITE = "python-site-1"
ARCHIVE = "python-archive-1"
# Installers make the description first and write its list of files last, within seconds.
SETTLING_NS = 60 * 10**9
# Each directory with a module of its own name on top is an import root to look at; programs that
# load plugins by path have hundreds.
MAX_ROOTS = 2_000
# Roots that are read between two questions for the time: each slice gets that far.
STEP = 8

_EMPTY: dict[str, Any] = {"dists": [], "units": {}, "tops": {}}


class Due(Exception):
    """The budget of this slice is used; what was read is in the cache."""


class Sites(Closing):
    """The import roots of one process, by path. Use it in a `with`: it holds zip files open."""

    def __init__(self, process: Process, cache: Cache, budget: Budget) -> None:
        """Read them through `process.files`."""
        self._files, self._at = process.files, process.at
        self._cache, self._budget = cache, budget
        self._known: dict[str, Site] = {}
        self._fresh = 0
        self._archives: dict[str, Archive] = {}
        self._open = ExitStack()

    def close(self) -> None:
        """Close the zip files."""
        self._open.close()

    @property
    def known(self) -> list[Site]:
        """The roots looked at so far, by path."""
        return [self._known[path] for path in sorted(self._known)]

    def at(self, path: str) -> Site:
        """The import root at a path; empty when there is none. Raises Due."""
        site = self._known.get(path)
        if site is None:
            site = self._known[path] = self._load(path)
        return site

    def _load(self, path: str) -> Site:
        if len(self._known) >= MAX_ROOTS:
            return _unread(path, f"more than {MAX_ROOTS} roots")
        here = self._files.stat_many([path])[0]
        known: Any = None if here is None else self._cache.get(SITE, here)
        if known is not None:
            return Site(path, known)
        try:
            return self._directory(path)
        except FileRefused as error:
            # A zip file, a place in one, or a directory that cannot be read: the first word counts.
            return self._archive(path) or _unread(path, error.reason)

    def _directory(self, path: str) -> Site:
        identity, names = self._files.list_dir(path)
        index = self._built(Directory(self._files, path, names, self._cache))
        if index.settled or self._is_old(identity):
            self._remember(SITE, identity, index.value)
        return Site(path, index.value)

    def _remember(self, kind: str, identity: FileId, value: Any) -> None:  # noqa: ANN401 - Plain
        """Keep what was built. Raises Due when that has used the budget: the rest comes later."""
        self._cache.put(kind, identity, value)
        self._fresh += 1
        if self._fresh % STEP == 0 and self._budget.due():
            raise Due

    def _archive(self, path: str) -> Site | None:
        place = archive_above(self._files, path)
        if place is None:
            return None
        archive, prefix = place
        here = self._files.stat_many([archive])[0]
        known: Any = None if here is None else self._cache.get(ARCHIVE, here)
        value = (known or {}).get(prefix)
        if value is None:
            try:
                folder = Zipped(self._opened(archive), prefix)
            except FileRefused:
                return None
            except Malformed as error:
                return _unread(path, str(error))
            value = self._built(folder).value | {"files": [*archive_files(folder.files)]}
            if here is not None:
                self._remember(ARCHIVE, here, {**(known or {}), prefix: value})
        return Site(path, value, archive=True)

    def _opened(self, path: str) -> Archive:
        known = self._archives.get(path)
        if known is None:
            file = self._open.enter_context(self._files.open(path))
            known = self._archives[path] = Archive(file)
        return known

    def _built(self, folder: Directory | Zipped) -> Index:
        index = build(folder, self._budget)
        if index is None:
            raise Due
        return index

    def _is_old(self, identity: FileId) -> bool:
        return abs(int(self._at * 1e9) - identity.ctime_ns) > SETTLING_NS


def _unread(path: str, reason: str) -> Site:
    return Site(path, _EMPTY | {"gaps": [[reasons.ROOT, reason]]})
