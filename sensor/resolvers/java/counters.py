"""What a JVM counts about itself, read from its memory: how many classes it has, and its version.

They are in memory with -XX:+PerfDisableSharedMem and on a read-only /tmp too; with
-XX:-UsePerfData there are none.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from sensor.errors import Malformed
from sensor.formats import hsperf

if TYPE_CHECKING:
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
# management.cpp: when the JVM began, in milliseconds since the epoch.
BEGAN = "sun.rt.createVmBeginTime"
NUMBER = Struct("<q")
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
    """The counters as they are now; None when the JVM keeps none. Raises Malformed."""
    where = library.layout.perf_start_at
    start = memory.word(where + library.bias) if where else 0
    if not start:
        return None
    data = memory.read([(start, hsperf.PROLOGUE_SIZE)])[0]
    used = hsperf.prologue(data or b"").used
    whole = memory.read([(start, used)])[0]
    return _sorted(whole or b"", start)


def _sorted(data: bytes, start: int) -> Counters:
    found = Counters({}, {}, {})
    for counter in hsperf.counters(data):
        if isinstance(counter.value, int) and counter.name in WATCHED:
            found.numbers[counter.name] = counter.value
            found.places[counter.name] = start + counter.at
        elif isinstance(counter.value, int) and counter.name == BEGAN:
            found.numbers[BEGAN] = counter.value
        elif isinstance(counter.value, str) and counter.name in {VERSION, HOME, CLASS_PATH}:
            found.texts[counter.name] = counter.value
    if not found.numbers.keys() >= {*LOADED, *UNLOADED}:
        raise Malformed("the counters of classes are not among those of the JVM")
    return found


def release_of(memory: Memory, library: Library) -> str:
    """The release of the JVM ("17.0.15+6-Debian-1deb12u1", 8: "25.504-b01"); empty if not known.

    Source: Abstract_VM_Version::_s_vm_release (vm_version.cpp), a constant text.
    """
    where = library.layout.release_at
    start = memory.word(where + library.bias) if where else 0
    data = memory.read([(start, MAX_RELEASE)])[0] if start else None
    text = (data or b"").partition(b"\0")[0]
    return text.decode("ascii", "replace") if text.isascii() else ""
