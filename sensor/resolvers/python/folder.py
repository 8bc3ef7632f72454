"""One import root to read installed distributions from: a directory, or a place in a zip file.

Only regular files inside the root of the process are opened, through its `files`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sensor.errors import FileMissing
from sensor.formats.source import exact, whole
from sensor.resolvers.python.paths import join, parent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.formats.zipdir import Archive
    from sensor.host.seam import Cache, Files
    from sensor.model.file import FileId
    from sensor.model.finding import Plain

# Values change their meaning with the number: old ones of a longer-living cache are not read.
DISTRIBUTION = "python-distribution-1"
# A zip file is read in one step, which must end: so many bytes of metadata out of it.
MAX_UNPACKED = 64 << 20


class Folder(Protocol):
    """What the reader of distributions needs of an import root."""

    @property
    def names(self) -> Sequence[str]:
        """Its entries, sorted."""

    @property
    def remembers(self) -> bool:
        """Whether parts are kept, so that reading may stop between two of them."""

    def read(self, path: str, limit: int, head: int | None = None) -> bytes | None:
        """A file below it, or its first `head` bytes; None when it is not there.

        Raises FileRefused, and Malformed beyond `limit` bytes.
        """

    def prepare(self, candidates: Sequence[Sequence[str]]) -> None:
        """Learn which of each group of paths is there, for `recall` and `remember`."""

    def recall(self, group: int) -> Plain:
        """What is known of the group of this number, else None."""

    def remember(self, group: int, value: Plain) -> None:
        """Keep what was read of the group, for the next slice and the next process."""


class Directory:
    """A directory; its parts are remembered in the cache, by the identity of their main file."""

    remembers = True

    def __init__(self, files: Files, path: str, names: Sequence[str], cache: Cache) -> None:
        """Read below `path`, whose entries are `names`."""
        self.names = names
        self._files, self._path, self._cache = files, path, cache
        self._keys: list[FileId | None] = []

    def read(self, path: str, limit: int, head: int | None = None) -> bytes | None:
        """A file below it."""
        try:
            with self._files.open(join(self._path, path)) as file:
                if head is not None:
                    return exact(file, 0, min(head, file.size))
                return whole(file, limit)
        except FileMissing:
            return None

    def prepare(self, candidates: Sequence[Sequence[str]]) -> None:
        """One batch of stats: the first of each group that is there is its key."""
        paths = [join(self._path, path) for group in candidates for path in group]
        known = iter(self._files.stat_many(paths))
        self._keys = []
        for group in candidates:
            found = [next(known) for _ in group]
            self._keys.append(next((key for key in found if key is not None), None))

    def recall(self, group: int) -> Plain:
        """What the cache knows."""
        key = self._keys[group]
        return None if key is None else self._cache.get(DISTRIBUTION, key)

    def remember(self, group: int, value: Plain) -> None:
        """Store it in the cache."""
        key = self._keys[group]
        if key is not None:
            self._cache.put(DISTRIBUTION, key, value)


class Zipped:
    """A place in a zip file. It is read in one step, and remembered as a whole by who asks."""

    remembers = False

    def __init__(self, archive: Archive, prefix: str) -> None:
        """Read below `prefix`, "" for the top or ending with a slash."""
        self._archive, self._prefix = archive, prefix
        self._left = MAX_UNPACKED
        inner = (name[len(prefix) :] for name in archive.members if name.startswith(prefix))
        self.files = sorted(inner)
        self.names = sorted({name.partition("/")[0] for name in self.files})

    def read(self, path: str, limit: int, head: int | None = None) -> bytes | None:
        """A member below it."""
        data = self._archive.read(self._prefix + path, min(limit, self._left))
        if data is None:
            return None
        self._left -= len(data)
        return data if head is None else data[:head]

    def prepare(self, candidates: Sequence[Sequence[str]]) -> None:
        """Nothing is remembered part by part."""

    def recall(self, group: int) -> Plain:  # noqa: ARG002 - the shape of the protocol
        """Nothing is remembered part by part."""
        return None

    def remember(self, group: int, value: Plain) -> None:
        """Nothing is remembered part by part."""


def archive_above(files: Files, root: str) -> tuple[str, str] | None:
    """The zip file that an import root is in, and the place in it; None when there is none.

    `/x/app.pex/.deps/foo.whl` is `.deps/foo.whl/` in `/x/app.pex`.
    """
    path = root
    while path:
        if files.stat_many([path])[0] is not None:
            inner = root[len(path) + 1 :]
            return None if path == "/" else (path, inner + "/" if inner else "")
        path = parent(path)
    return None
