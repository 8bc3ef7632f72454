"""What an archive holds, read once for each identity of its file: classes, metadata, archives.

A name of a class is kept as its 64-bit hash: 128,000 names are 1.4 MB of JSON so, and a lookup
that rests on a hash is verified in the archive before anything is said (`proof`). Python's own
hash has a secret key for each interpreter, so nobody can make names collide; what another
interpreter kept is not understood, so the key is part of the kind.
"""

from __future__ import annotations

import re
from array import array
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from sensor.errors import Malformed
from sensor.formats import jar, manifest
from sensor.resolvers.java import archive, parts
from sensor.resolvers.java.packages import Packages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sensor.formats.source import Source
    from sensor.formats.zipdir import Member
    from sensor.host.seam import Cache, File
    from sensor.model.file import FileId
    from sensor.model.finding import Plain
    from sensor.resolvers.java.archive import Numbers

KIND: Final = f"java.archive.2.{hash('java.archive'):x}"
# An EAR holds a WAR, that holds a JAR, that can hold one.
MAX_DEPTH: Final = 3
# Archives in one file: the largest fat JARs seen have some 600.
MAX_INSIDE: Final = 2000
# Packed archives are unpacked to read them, one after the other.
MAX_UNPACKED: Final = 256 << 20
MAX_ATTRIBUTE: Final = 1000
MAX_CLASS_PATH: Final = 64 << 10

# What Maven takes for group and artifact (DefaultModelValidator); versions have a little more.
_WORD: Final = re.compile(r"[\w.+~-]*")

TOO_DEEP: Final = "archive nested too deep"
TOO_MANY: Final = "too many archives in one file"
TOO_LARGE: Final = "archives in one file too large to unpack"

# What is read of a manifest; the rest is thrown away.
ATTRIBUTES: Final = frozenset({
    "class-path", "bundle-symbolicname", "bundle-version", "bundle-name", "automatic-module-name",
    "implementation-title", "implementation-version", "implementation-vendor-id",
    "premain-class", "agent-class", "launcher-agent-class", "boot-class-path", "extension-name",
})  # fmt: skip

Entry = dict[str, Any]


class Held(NamedTuple):
    """One archive of a file: the way to it, what it holds, its place in the order of its carrier.

    The file itself has order 0, what is in it follows from 1.
    """

    inside: str
    entry: Entry
    order: int


def hashed(names: Iterable[bytes]) -> array[int]:
    """The hashes of class names (UTF-8)."""
    return array("q", list(map(hash, names)))


def hashes(entry: Entry) -> array[int]:
    """The hashes of the classes of an archive."""
    found = array("q")
    found.frombytes(b64decode(entry["classes"]))
    return found


def read(file: File, cache: Cache, due: Callable[[], bool]) -> bool:
    """Read a file and all archives in it into the cache; False when time is up before the end."""
    pending = _Walk(file.id, cache)
    for inside, way, depth in pending:
        entry = _cached(cache, file.id, inside)
        if entry is None:
            if due():
                return False
            entry = _entry(file, way, depth, pending)
            cache.put(KIND + inside, file.id, cast("Plain", entry))
        pending.add(inside, way, depth, entry)
    return True


def held(cache: Cache, file: FileId) -> list[Held] | None:
    """All archives of a file that was read, itself first; None when it is not known any more."""
    found = []
    pending = _Walk(file, cache)
    for order, (inside, way, depth) in enumerate(pending):
        entry = _cached(cache, file, inside)
        if entry is None:
            return None
        found.append(Held(inside, entry, order))
        pending.add(inside, way, depth, entry)
    return found


def way_to(cache: Cache, file: FileId, inside: str) -> list[Numbers] | None:
    """The members that lead to an archive in a file that was read."""
    return next((way for name, way, _ in _filled(cache, file) if name == inside), None)


class _Walk:
    """The archives of a file, outer before inner, in the order of their carrier."""

    def __init__(self, file: FileId, cache: Cache) -> None:
        self._file = file
        self._cache = cache
        self._stack: list[tuple[str, list[Numbers], int]] = [("", [], 0)]
        self._count = 0
        self.unpacked = 0

    def __iter__(self) -> Iterator[tuple[str, list[Numbers], int]]:
        while self._stack:
            yield self._stack.pop()

    def add(self, inside: str, way: list[Numbers], depth: int, entry: Entry) -> None:
        """What lies in an archive comes next."""
        room = MAX_INSIDE - self._count
        children = list(entry["nested"].items())[:room] if depth < MAX_DEPTH else []
        self._count += len(children)
        for name, numbers in reversed(children):
            self._stack.append((archive.below(inside, name), [*way, numbers], depth + 1))

    def room_for(self, way: list[Numbers]) -> bool:
        """Whether what must be unpacked on the way still may be."""
        self.unpacked += sum(numbers[2] for numbers in way if numbers[3])
        return self.unpacked <= MAX_UNPACKED


def _filled(cache: Cache, file: FileId) -> Iterator[tuple[str, list[Numbers], int]]:
    pending = _Walk(file, cache)
    for inside, way, depth in pending:
        entry = _cached(cache, file, inside)
        if entry is not None:
            pending.add(inside, way, depth, entry)
            yield inside, way, depth


def _cached(cache: Cache, file: FileId, inside: str) -> Entry | None:
    return cast("Entry | None", cache.get(KIND + inside, file))


def _entry(file: File, way: list[Numbers], depth: int, pending: _Walk) -> Entry:
    """What is kept of one archive; of what cannot be read, why."""
    if not pending.room_for(way):
        return _nothing(TOO_LARGE)
    try:
        source = archive.opened(file, way)
        found = jar.contents(source)
    except Malformed as error:
        return _nothing(f"archive not readable: {error}")
    entry = _kept(source, found)
    if found.nested and depth >= MAX_DEPTH:
        entry["problem"] = TOO_DEEP
    elif found.truncated or len(found.nested) > MAX_INSIDE:
        entry["problem"] = TOO_MANY
    return entry


def _nothing(problem: str) -> Entry:
    return {
        "classes": "",
        "manifest": {},
        "poms": [],
        "top": "",
        "nested": {},
        "problem": problem,
    }


def _kept(source: Source, found: jar.Contents) -> Entry:
    packages = Packages(found.classes)
    poms = [pom for member in found.poms.values() if (pom := _pom(source, member))]
    return {
        "classes": b64encode(hashed(found.classes).tobytes()).decode(),
        "manifest": _manifest(source, found.manifest),
        "poms": parts.with_prefixes(poms, packages),
        "top": packages.top(),
        "nested": {name: list(found.nested[name]) for name in _ordered(source, found)},
        "problem": "",
    }


def _pom(source: Source, member: Member) -> list[str] | None:
    """Group, artifact, version of a pom.properties; None when it is not one."""
    try:
        pairs = manifest.properties(jar.metadata(source, member))
    except Malformed:
        return None
    names = [pairs.get(key, "")[:MAX_ATTRIBUTE] for key in ("groupId", "artifactId", "version")]
    # A pom.properties of a build that filters its resources wrongly keeps ${project.version}.
    return names if all(map(_WORD.fullmatch, names)) and all(names[:2]) else None


def _manifest(source: Source, member: Member | None) -> dict[str, str]:
    if member is None:
        return {}
    try:
        attributes = manifest.main_attributes(jar.metadata(source, member))
    except Malformed:
        return {}
    limit = {"class-path": MAX_CLASS_PATH}
    return {
        name: value[: limit.get(name, MAX_ATTRIBUTE)]
        for name, value in attributes.items()
        if name in ATTRIBUTES and value
    }


def _ordered(source: Source, found: jar.Contents) -> list[str]:
    """Nested archives as a loader asks them: as Spring Boot wrote down, then as they lie."""
    if found.order is None:
        return list(found.nested)
    try:
        text = jar.metadata(source, found.order).decode("utf-8", "replace")
    except Malformed:
        return list(found.nested)
    # A list of YAML: each line is `- "BOOT-INF/lib/x.jar"`.
    listed = [line.removeprefix("- ").strip().strip('"') for line in text.splitlines()]
    return list(dict.fromkeys([*(name for name in listed if name in found.nested), *found.nested]))
