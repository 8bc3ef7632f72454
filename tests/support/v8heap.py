"""A made-up heap of V8 behind the `Process` seam: for strings, lies, and torn reads.

Objects are written as V8's headers say; what a test wants to be wrong it overwrites.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, cast

from sensor.model.budget import Meter
from sensor.model.process import Mapping, ProcessKey
from sensor.resolvers.node.layouts import TAG, WEAK_TAG, WORD, Layout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sensor.formats.source import Range
    from sensor.host.seam import Process

# The constants that the official programs state (Node.js 26, and 10 where it differs).
NEW = Layout(
    map_type=278,
    script_type=166,
    object_type=1057,
    array_type=205,
    function_info_type=288,
    module_type=256,
    instance_type=12,
    first_nonstring=128,
    representation_mask=7,
    encoding_mask=8,
    one_byte=8,
    thin=5,
    sliced=3,
    one_byte_chars=16,
    two_byte_chars=16,
    cons_first=16,
    cons_second=24,
    sliced_parent=16,
    sliced_offset=24,
    thin_actual=16,
    script_name=16,
    function_info=32,
)
OLD = NEW._replace(
    one_byte_chars=24,
    two_byte_chars=24,
    cons_first=24,
    cons_second=32,
    sliced_parent=24,
    sliced_offset=32,
    thin_actual=24,
    module_type=165,
)
SEALED, HEAP, MALLOC = 0x2000_0000_0000, 0x3000_0000_0000, 0x1000_0000
SIZES = {SEALED: 1 << 16, HEAP: 1 << 18, MALLOC: 1 << 16}
PERMS = {SEALED: "r--p", HEAP: "rw-p", MALLOC: "rw-p"}
ROOTS, LIST = MALLOC + 0x1000, 400
# Where the stack of the first thread begins.
STACK = 0x7FFF_0000_0000


class V8Heap:
    """Memory with objects in it, which is also a Process that has nothing else."""

    key = ProcessKey(1, 1)
    at = 1.0
    exe = "/usr/bin/node"
    memory_gap: str | None = None
    maps_digest = 1
    # Whether malloc's memory looks like any other: as that of musl does.
    hidden = False

    def __init__(self, layout: Layout = NEW) -> None:
        self.layout = layout
        self.meter = Meter()
        self.parts = {base: bytearray(size) for base, size in SIZES.items()}
        self.before_fresh: list[Callable[[], None]] = []
        self._ends = {SEALED: SEALED + 64, HEAP: HEAP + 64}
        self.meta = self.new(10, SEALED)
        self.put(self.meta, 0, self.meta)
        self._typed(self.meta, layout.map_type)
        self.kinds: dict[int, int] = {}

    @property
    def process(self) -> Process:
        return cast("Process", self)

    def maps(self) -> list[Mapping]:
        hidden = 0x800 if self.hidden else 0
        stack = Mapping(STACK - 0x21000, STACK, "rw-p", 0, "00:00", 0, "[stack]")
        return [
            *(
                Mapping(start, base + SIZES[base], PERMS[base], 0, "00:00", 0, self._name(base))
                for base in sorted(SIZES)
                for start in [base + (hidden if base == MALLOC else 0)]
            ),
            stack,
        ]

    def read(self, ranges: Sequence[Range], *, fresh: bool = False) -> list[bytes | None]:
        if fresh and self.before_fresh:
            self.before_fresh.pop(0)()
        self.meter.charge(sum(size for _, size in ranges if size < 1 << 20))
        return [self._read(start, size) for start, size in ranges]

    def find(self, pattern: bytes, ranges: Sequence[Range], *, limit: int) -> list[int]:
        found: list[int] = []
        for start, size in ranges:
            data = self._read(start, size) or b""
            at = data.find(pattern)
            while at >= 0 and len(found) < limit:
                found.append(start + at)
                at = data.find(pattern, at + 1)
        return found

    def new(self, words: int, base: int = HEAP) -> int:
        """A place for an object, as its tagged address."""
        at = self._ends[base]
        self._ends[base] = at + words * WORD
        return at + TAG

    def last(self, size: int) -> None:
        """Place the next object of so many bytes where memory ends."""
        self._ends[HEAP] = HEAP + SIZES[HEAP] - size

    def put(self, word: int, index: int, value: int) -> None:
        """Write a word of an object."""
        self.write(word - TAG + index * WORD, struct.pack("<Q", value & (1 << 64) - 1))

    def write(self, address: int, data: bytes) -> None:
        base = max(base for base in self.parts if base <= address)
        self.parts[base][address - base : address - base + len(data)] = data

    def map(self, kind: int, words: int = 4) -> int:
        """The map of an instance type, in the read-only heap."""
        if kind not in self.kinds:
            self.kinds[kind] = self.new(10, SEALED)
            self.put(self.kinds[kind], 0, self.meta)
            self._typed(self.kinds[kind], kind, words)
        return self.kinds[kind]

    def object(self, kind: int, *words: int) -> int:
        """An object of a type with these words behind its map."""
        made = self.new(1 + len(words))
        for index, value in enumerate((self.map(kind), *words)):
            self.put(made, index, value)
        return made

    def text(self, characters: str, *, wide: bool = False) -> int:
        """A flat string."""
        data = characters.encode("utf-16-le" if wide else "latin-1")
        made = self._string(0x20 if wide else 0x28, len(characters), 1 + len(data) // WORD)
        self.write(made - TAG + self.layout.one_byte_chars, data)
        return made

    def cons(self, first: int, second: int, length: int) -> int:
        made = self._string(0x29, length, 2)
        self.put(made, self.layout.cons_first // WORD, first)
        self.put(made, self.layout.cons_second // WORD, second)
        return made

    def thin(self, actual: int, length: int) -> int:
        made = self._string(0x2D, length, 1)
        self.put(made, self.layout.thin_actual // WORD, actual)
        return made

    def sliced(self, parent: int, offset: int, length: int) -> int:
        made = self._string(0x2B, length, 2)
        self.put(made, self.layout.sliced_parent // WORD, parent)
        self.put(made, self.layout.sliced_offset // WORD, smi(offset))
        return made

    def table(self, capacity: int, entries: dict[int, tuple[int, int]]) -> int:
        """A NameDictionary: key and value by slot."""
        kind = self.layout.array_type + 4
        words = [smi(5 + 3 * capacity), smi(len(entries)), 0, smi(capacity), 0, 0]
        for slot in range(capacity):
            words += [*entries.get(slot, (0, 0)), 0]
        return self.object(kind, *words)

    def _string(self, kind: int, length: int, words: int) -> int:
        made = self.new(self.layout.one_byte_chars // WORD + words)
        self.put(made, 0, self.map(kind))
        head = smi(length) if self.layout.is_old else length << 32
        self.put(made, 2 if self.layout.is_old else 1, head)
        return made

    def _typed(self, word: int, kind: int, words: int = 4) -> None:
        self.put(word, 1, words | kind << 32)

    def _read(self, start: int, size: int) -> bytes | None:
        for base, data in self.parts.items():
            if base <= start and start + size <= base + len(data):
                return bytes(data[start - base : start - base + size])
        return None

    def _name(self, base: int) -> str:
        return "[heap]" if base == MALLOC and not self.hidden else ""


def smi(value: int) -> int:
    """A small integer as a word."""
    return value << 32


def application(files: Sequence[str], layout: Layout = NEW, first: int = 1) -> V8Heap:
    """An isolate with one class Module, whose cache has these files from slot `first` on."""
    heap = V8Heap(layout)
    heap.map(layout.module_type, 18)
    script = heap.object(layout.script_type, 0, heap.text("node:internal/modules/cjs/loader"))
    info = heap.object(layout.function_info_type, 0, 0, 0, script)
    holder = heap.new(4)
    properties = heap.object(layout.array_type, smi(1), holder)
    owner = heap.object(2066, properties, 0, 0, info)
    own = heap.new(10)
    for index, value in ((0, heap.meta), (1, 4 | layout.object_type << 32), (4, owner)):
        heap.put(own, index, value)
    entries = {}
    for slot, path in enumerate(files, first):
        module = heap.new(4)
        heap.put(module, 0, own)
        entries[slot] = heap.text(path), module
    cache = heap.table(max(16, 1 << (2 * len(files) + first - 1).bit_length()), entries)
    heap.put(holder, 0, own)
    heap.put(holder, 1, cache)
    for _ in range(20):
        heap.table(4, {0: (heap.text("constructor"), owner)})
    for index in range(-100, 200):
        heap.put(ROOTS + TAG, index, heap.map(0x28))
    heap.put(ROOTS + TAG, 0, heap.meta)
    heap.put(ROOTS + TAG, -120, STACK - 0xF0000)
    listed = heap.object(300, smi(1), smi(1), script - TAG + WEAK_TAG)
    heap.put(ROOTS + TAG, LIST, listed)
    heap.put(ROOTS + TAG, LIST + 10, smi(42))
    return heap
