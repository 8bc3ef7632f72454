"""What a JVM counts about itself, read from its memory: how many classes it has, and its version.

They are in memory with -XX:+PerfDisableSharedMem and on a read-only /tmp too; with
-XX:-UsePerfData there are none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sensor.errors import Malformed
from sensor.formats import hsperf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.formats.hsperf import Entry, Prologue
    from sensor.formats.source import Range
    from sensor.resolvers.java.library import Library
    from sensor.resolvers.java.memory import Memory

# classLoadingService.cpp: the JVM counts classes of its shared archive apart from others.
LOADED = ("java.cls.loadedClasses", "java.cls.sharedLoadedClasses")
UNLOADED = ("java.cls.unloadedClasses", "java.cls.sharedUnloadedClasses")
# classLoader.cpp; a class that is initialised later raises what is said of it.
INITIALIZED = "sun.cls.initializedClasses"
WATCHED = (*LOADED, *UNLOADED, INITIALIZED)
VERSION, HOME = "java.property.java.version", "java.property.java.home"
CLASS_PATH = "java.property.java.class.path"
TEXTS = (VERSION, HOME, CLASS_PATH)
# management.cpp: when the JVM began, in milliseconds since the epoch.
BEGAN = "sun.rt.createVmBeginTime"
NUMBERS = (*WATCHED, BEGAN)
# The longest name has 60 characters.
MAX_NAME = 256
MAX_RELEASE = 128


class Counters(NamedTuple):
    """The counters of interest: numbers by name with their addresses, and texts by name."""

    numbers: dict[str, int]
    places: dict[str, int]
    texts: dict[str, str]

    @property
    def classes(self) -> int:
        """How many classes there are now, without arrays."""
        loaded = sum(self.numbers[name] for name in LOADED)
        return loaded - sum(self.numbers[name] for name in UNLOADED)

    @property
    def watch(self) -> list[int]:
        """Addresses of the numbers that change when a class is loaded, unloaded, initialised."""
        return [self.places[name] for name in WATCHED if name in self.places]


def counters_of(memory: Memory, library: Library) -> Counters | None:
    """The counters as they are now; None when the JVM keeps none. Raises Malformed.

    Only the counters of interest are read: another one is the whole command line.
    """
    where = library.layout.perf_start_at
    start = memory.word(where + library.bias) if where else 0
    if not start:
        return None
    head = hsperf.prologue(_bytes(memory, (start, hsperf.PROLOGUE_SIZE)))
    entries = _named(memory, list(_entries(memory, head, start)))
    found = Counters({}, {}, {})
    for name, (at, entry) in entries.items():
        size = entry.value[1]
        data = _bytes(memory, (at + entry.value[0], size))
        if name in NUMBERS and entry.number:
            found.numbers[name] = hsperf.number_of(head, data)
            found.places[name] = at + entry.value[0]
        elif name in TEXTS and entry.text:
            found.texts[name] = hsperf.text_of(data)
    if not found.numbers.keys() >= {*LOADED, *UNLOADED}:
        raise Malformed("the counters of classes are not among those of the JVM")
    return found


def _entries(memory: Memory, head: Prologue, start: int) -> Iterator[tuple[int, Entry]]:
    """Each counter and its address."""
    at = start + head.first
    for _ in range(head.entries):
        if at + hsperf.ENTRY_SIZE > start + head.used:
            raise Malformed("a counter beyond the end of the counters")
        entry = hsperf.entry(head, _bytes(memory, (at, hsperf.ENTRY_SIZE)))
        yield at, entry
        at += entry.length


def _named(memory: Memory, entries: list[tuple[int, Entry]]) -> dict[str, tuple[int, Entry]]:
    """The counters of interest by name."""
    raw = memory.read([(at + entry.name[0], min(entry.name[1], MAX_NAME)) for at, entry in entries])
    names = [hsperf.text_of(data or b"") for data in raw]
    wanted = {*NUMBERS, *TEXTS}
    return {name: pair for name, pair in zip(names, entries, strict=True) if name in wanted}


def _bytes(memory: Memory, where: Range) -> bytes:
    data = memory.read([where])[0]
    if data is None:
        raise Malformed("counters that are not in memory")
    return data


def release_of(memory: Memory, library: Library) -> str:
    """The release of the JVM ("17.0.15+6-Debian-1deb12u1", 8: "25.504-b01"); empty if not known.

    Source: Abstract_VM_Version::_s_vm_release (vm_version.cpp), a constant text.
    """
    where = library.layout.release_at
    start = memory.word(where + library.bias) if where else 0
    data = memory.read([(start, MAX_RELEASE)])[0] if start else None
    text = (data or b"").partition(b"\0")[0]
    return text.decode("ascii", "replace") if text.isascii() else ""
