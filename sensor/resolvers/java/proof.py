"""The proof that an archive gave a class, and its SHA-1: once for each content, in steps.

A lookup by hashes says where a class may be; here its name is found in the directory of the
archive before anything is claimed. A SHA-1 is taken in steps. A hash that is half done is no plain
data: it is kept in this process, and lost with it, which costs reading again.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, cast

from sensor.errors import Malformed
from sensor.formats import jar, zipdir
from sensor.formats.source import exact
from sensor.resolvers.java import archive, index

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sensor.formats.source import Source
    from sensor.host.seam import Cache, Files
    from sensor.model.file import FileId
    from sensor.resolvers.java.archive import Place

KIND: Final = "java.proof.1"
# So much at a time comes from memory that the process has; from 128 KiB on malloc asks the kernel
# for fresh pages each time (mallopt(3), M_MMAP_THRESHOLD), and a hash takes a third longer.
STEP: Final = 120 << 10
# The largest archives that anyone loads; it takes three slices of a look.
MAX_HASHED: Final = 1 << 30
# Files that are being hashed at a time: one for each process that is looked at in slices.
MAX_OPEN: Final = 4


class Digest(Protocol):
    """What is used of a hash of hashlib."""

    def update(self, data: bytes, /) -> None:
        """Take in more bytes."""

    def hexdigest(self) -> str:
        """The hash of all bytes."""


# By content: the hash so far, and how many bytes it has seen.
_half_done: OrderedDict[tuple[FileId, str], tuple[Digest, int]] = OrderedDict()


class Proof(NamedTuple):
    """The class that was found in the archive ("" for none), and the SHA-1, None if too large."""

    name: str
    sha1: str | None


def prove(
    files: Files,
    place: Place,
    names: Sequence[str],
    cache: Cache,
    due: Callable[[], bool],
) -> Proof | None:
    """Find the first of the class names that is there; None when time is up.

    Raises FileRefused and Malformed when the archive cannot be read any more.
    """
    kind = f"{KIND}{archive.BETWEEN}{place.inside}"
    known = cast("dict[str, str | None]", cache.get(kind, place.file) or {})
    if "sha1" in known and known["name"] in names:
        return Proof(known["name"] or "", known["sha1"])
    with files.open(place.path) as file:
        if file.id != place.file:
            raise Malformed("another file is there now")
        way = index.way_to(cache, place.file, place.inside)
        if way is None:
            raise Malformed("not known any more")
        source = archive.opened(file, way)
        if "sha1" not in known:
            done, sha1 = _hashed((place.file, place.inside), source, due)
            if not done:
                return None
            known = {"sha1": sha1}
        directory = zipdir.directory(source)
    name = next((name for name in names if jar.has_class(directory, name)), "")
    cache.put(kind, place.file, {"sha1": known["sha1"], "name": name})
    return Proof(name, known["sha1"])


def _hashed(
    key: tuple[FileId, str], source: Source, due: Callable[[], bool]
) -> tuple[bool, str | None]:
    """Whether the hash is done, and the hash; none of what is too large."""
    if source.size > MAX_HASHED:
        return True, None
    fresh = hashlib.sha1(usedforsecurity=False)
    digest, start = _half_done.pop(key, (cast("Digest", fresh), 0))
    while start < source.size:
        if due():
            _half_done[key] = digest, start
            while len(_half_done) > MAX_OPEN:
                _half_done.popitem(last=False)
            return False, None
        size = min(STEP, source.size - start)
        digest.update(exact(source, start, size))
        start += size
    return True, digest.hexdigest()
