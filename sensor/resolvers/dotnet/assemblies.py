"""Who each sighted file says it is, by its own metadata: from the file, a bundle, or memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from sensor.closing import Closing
from sensor.errors import FileRefused, Malformed
from sensor.formats import clrmetadata, peversion
from sensor.formats.pe import Pe
from sensor.formats.source import Part
from sensor.resolvers.dotnet.sightings import COPIED, HEAD, MAPPED, converted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.formats.netbundle import Entry
    from sensor.formats.source import Range, Source
    from sensor.host.seam import Cache, File, Process
    from sensor.model.finding import Plain
    from sensor.model.process import Mapping
    from sensor.resolvers.dotnet.sightings import Sighting

# Of text that is kept: NuGet's longest names and versions have half of it.
MAX_TEXT = 200
CACHE = "dotnet.assembly"
BUNDLE_CACHE = "dotnet.bundled"


class Identity(NamedTuple):
    """What a file says of itself; an empty `name` means that it is no assembly.

    `version` is that of the assembly, `file` and `product` those of its version resource ("" when
    it has none), `culture` that of translations. `problem` says why it could not be read.
    """

    name: str = ""
    version: str = ""
    culture: str = ""
    file: str = ""
    product: str = ""
    problem: str = ""

    @classmethod
    def from_plain(cls, plain: Plain) -> Identity:
        """Back from a list."""
        return cls(*cast("list[str]", plain))


def of_source(source: Source) -> Identity:
    """What is said in it. Never raises Malformed."""
    try:
        pe = Pe(source)
        found = clrmetadata.assembly(pe)
        if found is None:
            return Identity()
        resource = peversion.version(pe)
    except Malformed as error:
        return Identity(problem=str(error))
    texts = (found.name, found.version, found.culture, *resource)
    return Identity(*(text[:MAX_TEXT] for text in texts))


class Reader(Closing):
    """Reads the sighted files of one process; in a `with`, for it keeps the program open."""

    def __init__(self, process: Process, cache: Cache) -> None:
        """Nothing is read yet."""
        self._process = process
        self._cache = cache
        self._heads: frozenset[bytes] | None = None
        self._program: File | None = None
        self._bundled: dict[str, Plain] = {}
        self._grown = False

    def close(self) -> None:
        """Remember what was read of a bundle: all of it together, and close it."""
        program, self._program = self._program, None
        if program:
            if self._grown:
                self._cache.put(BUNDLE_CACHE, program.id, self._bundled)
            program.close()

    def read(self, sighting: Sighting) -> Identity:
        """Who it is. A file that cannot be had is read from the memory that maps it whole."""
        if sighting.how == COPIED and sighting.mapping:
            return of_source(Memory(self._process, sighting.mapping))
        try:
            return self._of_file(sighting)
        except FileRefused as error:
            if sighting.how == MAPPED and sighting.mapping:
                found = of_source(Memory(self._process, sighting.mapping))
                if not found.problem:
                    return found
            return Identity(problem=str(error))

    def _of_file(self, sighting: Sighting) -> Identity:
        files = self._process.files
        if sighting.entry and sighting.mapping:
            return self._of_entry(sighting.key, sighting.entry, sighting.mapping)
        if sighting.mapping:
            with files.open_mapped(sighting.mapping) as file:
                return self._known(file)
        with files.open(sighting.path) as file:
            return self._known(file) if self._is_in_memory(file) else Identity()

    def _is_in_memory(self, file: File) -> bool:
        """Whether the runtime has a copy of an open file, as far as memory can be read."""
        if self._process.memory_gap is not None:
            return True
        if self._heads is None:
            self._heads = converted(self._process)
        return file.read([(0, min(file.size, HEAD))])[0] in self._heads

    def _known(self, file: File) -> Identity:
        plain = self._cache.get(CACHE, file.id)
        if plain is None:
            plain = [*of_source(file)]
            self._cache.put(CACHE, file.id, plain)
        return Identity.from_plain(plain)

    def _of_entry(self, key: str, entry: Entry, mapping: Mapping) -> Identity:
        if self._program is None:
            self._program = self._process.files.open_mapped(mapping)
            cached = self._cache.get(BUNDLE_CACHE, self._program.id)
            self._bundled = {**cast("dict[str, Plain]", cached or {})}
        if key not in self._bundled:
            self._bundled[key] = [*of_source(Part(self._program, entry.offset, entry.size))]
            self._grown = True
        return Identity.from_plain(self._bundled[key])


class Memory:
    """A Source over memory in which a file lies as it is: from its first byte on."""

    def __init__(self, process: Process, mapping: Mapping) -> None:
        """Read where it is mapped."""
        self._process = process
        self._start = mapping.start
        self._size = mapping.size

    @property
    def size(self) -> int:
        """Bytes of memory: up to a page more than the file."""
        return self._size

    def read(self, ranges: Sequence[Range]) -> list[bytes | None]:
        """See `Source.read`; None also where memory is not present."""
        inside = [at >= 0 and size >= 0 and at + size <= self._size for at, size in ranges]
        wanted = [r if good else (0, 0) for r, good in zip(ranges, inside, strict=True)]
        found = self._process.read([(self._start + at, size) for at, size in wanted])
        return [data if good else None for data, good in zip(found, inside, strict=True)]
