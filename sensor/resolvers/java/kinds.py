"""The class of a class loader's own object, read from the Java heap.

The collector moves objects while we look, and each collector and header layout says in its own way
where an object and its class are. So every possible way is tried, and what is found counts only if
it is a class that inherits from java.lang.ClassLoader.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from sensor.resolvers.java.memory import WORD, is_pointer
from sensor.resolvers.java.words import BOOT, UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sensor.resolvers.java.graph import Cld
    from sensor.resolvers.java.klasses import Reader
    from sensor.resolvers.java.library import Library
    from sensor.resolvers.java.memory import Memory

NARROW = Struct("<I")
ROOT = "java/lang/ClassLoader"
# Loaders inherit from each other three or four times.
MAX_SUPERS = 32
# Generational ZGC shifts addresses left and colours the low bits (zAddress.hpp: by 13 to 16 bits on
# x86, 16 on arm64).
ZGC_SHIFTS = (13, 14, 15, 16)
# How often an object that moved meanwhile is looked for again.
TRIES = 3


class Kinds:
    """Finds the kinds of loaders; knows the classes it has met."""

    def __init__(self, memory: Memory, library: Library, reader: Reader) -> None:
        """Read only how this process shortens its class pointers."""
        layout = library.layout
        self._memory = memory
        self._layout = layout
        self._reader = reader
        at = (layout.narrow_base_at, layout.narrow_shift_at)
        base, shift = memory.words(place + library.bias if place else 0 for place in at)
        self._base, self._shift = base, shift & 0x3F
        self._names: dict[int, str | None] = {}

    def of(self, loaders: Sequence[Cld]) -> list[str]:
        """The kind of each loader: BOOT, the name of its class, or UNREADABLE."""
        found = dict.fromkeys(range(len(loaders)), UNREADABLE)
        for _ in range(TRIES):
            missing = [number for number, kind in found.items() if kind == UNREADABLE]
            objects = self._objects([loaders[number] for number in missing])
            for number, kind in zip(missing, self._read(objects), strict=True):
                found[number] = kind
        return list(found.values())

    def _objects(self, loaders: Sequence[Cld]) -> list[int]:
        """What the reference to each loader's object says; 0 is the boot loader.

        A handle that cannot be read is as no address at all.
        """
        held = [loader.loader for loader in loaders]
        if not self._layout.handles:
            return held
        words = self._memory.words(held)
        return [0 if not handle else word or -1 for handle, word in zip(held, words, strict=True)]

    def _read(self, objects: list[int]) -> list[str]:
        wanted = [address for value in objects for address in _addresses(value)]
        heads = dict(zip(wanted, self._memory.read([(a, 16) for a in wanted]), strict=True))
        return [self._kind(value, heads) for value in objects]

    def _kind(self, value: int, heads: dict[int, bytes | None]) -> str:
        if value == 0:
            return BOOT
        for address in _addresses(value):
            head = heads[address]
            for klass in self._classes(head) if head else ():
                name = self._loader_class(klass)
                if name is not None:
                    return name
        return UNREADABLE

    def _classes(self, head: bytes) -> Iterator[int]:
        """Where the class of an object could be, by the 16 bytes of its header (oop.hpp)."""
        (mark,) = WORD.unpack_from(head)
        (narrow,) = NARROW.unpack_from(head, self._layout.oop_klass)
        if self._layout.shift:
            yield self._base + (mark >> self._layout.shift << self._shift)
        yield self._base + (narrow << self._shift)
        yield WORD.unpack_from(head, 8)[0]

    def _loader_class(self, klass: int) -> str | None:
        """The name of a class that inherits from java.lang.ClassLoader."""
        if klass not in self._names:
            self._names[klass] = self._name(klass) if self._is_loader(klass) else None
        return self._names[klass]

    def _is_loader(self, klass: int) -> bool:
        for _ in range(MAX_SUPERS):
            if not is_pointer(klass):
                return False
            if self._name(klass) == ROOT:
                return True
            klass = self._memory.word(klass + self._layout.klass_super)
        return False

    def _name(self, klass: int) -> str | None:
        return self._reader.name(self._memory.word(klass + self._layout.klass_name))


def _addresses(value: int) -> list[int]:
    """The addresses that a reference can mean."""
    shifted = [value >> shift for shift in ZGC_SHIFTS]
    return [address for address in (value, *shifted) if is_pointer(address)]
