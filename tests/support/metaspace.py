"""A made-up JVM behind the `Process` seam: loaders, classes and names, for lies and tears.

Structures have the offsets of LAYOUT; what a test wants to be wrong it overwrites.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from sensor.errors import FileRefused
from sensor.model.budget import Meter
from sensor.model.process import Mapping
from sensor.resolvers.java.layout import Layout
from sensor.resolvers.java.library import Library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sensor.formats.source import Range
    from sensor.host.seam import File

BASE = 0x7F0000000000
SIZE = 4 << 20
LOADED, INITIALIZED, ALLOCATED = 1, 4, 0
LAYOUT = Layout(
    graph_at=64,
    cld_next=112,
    cld_klasses=56,
    cld_loader=8,
    cld_hidden=33,
    handles=True,
    klass_name=24,
    klass_layout=8,
    klass_super=120,
    klass_next=144,
    klass_cld=152,
    klass_state=305,
    allocated=ALLOCATED,
    initialized=INITIALIZED,
    symbol_length=4,
    symbol_body=6,
    oop_klass=8,
    narrow_base_at=72,
    narrow_shift_at=80,
    shift=0,
    perf_start_at=88,
    release_at=96,
)
CLD_SIZE, KLASS_SIZE = 128, 320


class Metaspace:
    """One piece of memory with structures in it; also a Process that has nothing else."""

    def __init__(self, layout: Layout = LAYOUT) -> None:
        self.layout = layout
        self.library = Library(layout, BASE)
        self.memory = bytearray(SIZE)
        self.absent: set[int] = set()
        self.before_read: dict[int, Callable[[], None]] = {}
        self.reads = 0
        self.meter = Meter()
        self._end = 256

    # How a Process answers.
    at = 1.0

    @property
    def files(self) -> Metaspace:
        return self

    def open_mapped(self, mapping: Mapping) -> File:
        raise FileRefused(mapping.path, "made up")

    def maps(self) -> Sequence[Mapping]:
        return [Mapping(BASE, BASE + SIZE, "rw-p", 0, "0:0", 0, "")]

    def read(self, ranges: Sequence[Range], *, fresh: bool = False) -> list[bytes | None]:
        assert fresh, "what a JVM changes is never read from a cache"
        self.before_read.pop(self.reads, lambda: None)()
        self.reads += 1
        self.meter.charge(sum(size for _, size in ranges))
        return [self._read(start - BASE, size) for start, size in ranges]

    def _read(self, start: int, size: int) -> bytes | None:
        if not 0 <= start <= start + size <= SIZE:
            return None
        pages = range(start // 4096, (start + size + 4095) // 4096)
        return None if self.absent & set(pages) else bytes(self.memory[start : start + size])

    # How structures are written.
    def new(self, size: int) -> int:
        """Zeroed memory, aligned to 8 bytes: its address."""
        address = BASE + self._end
        self._end += size + -size % 8
        return address

    def write(self, address: int, form: str, *values: int | bytes) -> None:
        struct.pack_into("<" + form, self.memory, address - BASE, *values)

    def put(self, address: int, data: bytes) -> None:
        self.memory[address - BASE : address - BASE + len(data)] = data

    def word(self, address: int) -> int:
        found: int = struct.unpack_from("<Q", self.memory, address - BASE)[0]
        return found

    def symbol(self, name: str | bytes) -> int:
        raw = name.encode("utf-8", "surrogatepass") if isinstance(name, str) else name
        address = self.new(self.layout.symbol_body + len(raw))
        self.write(address + self.layout.symbol_length, "H", len(raw))
        self.put(address + self.layout.symbol_body, raw)
        return address

    def klass(self, loader: int, name: str | bytes, state: int = INITIALIZED) -> int:
        """A class at the head of a loader's list."""
        address = self.new(KLASS_SIZE)
        layout = self.layout
        self.write(address + layout.klass_name, "Q", self.symbol(name))
        self.write(address + layout.klass_cld, "Q", loader)
        self.write(address + layout.klass_layout, "i", 8)
        self.write(address + layout.klass_state, "B", state)
        self.write(address + layout.klass_next, "Q", self.word(loader + layout.cld_klasses))
        self.write(loader + layout.cld_klasses, "Q", address)
        return address

    def array(self, loader: int) -> int:
        address = self.klass(loader, "[I")
        self.write(address + self.layout.klass_layout, "i", -1)
        return address

    def loader(self, names: Iterable[str] = (), *, hidden: bool = False, kind: int = 0) -> int:
        """A loader at the head of the graph, with classes; `kind` is the class of its object."""
        address = self.new(CLD_SIZE)
        layout = self.layout
        head = BASE + layout.graph_at
        self.write(address + layout.cld_next, "Q", self.word(head))
        self.write(head, "Q", address)
        if layout.cld_hidden >= 0:
            self.write(address + layout.cld_hidden, "B", hidden)
        if kind:
            self.write(address + layout.cld_loader, "Q", self.handle(self.object(kind)))
        for name in names:
            self.klass(address, name)
        return address

    def unload(self, loader: int) -> None:
        """Take a loader out of the graph; its memory is another's from now on."""
        at = BASE + self.layout.graph_at
        while self.word(at) != loader:
            at = self.word(at) + self.layout.cld_next
        self.write(at, "Q", self.word(loader + self.layout.cld_next))
        klass = self.word(loader + self.layout.cld_klasses)
        while klass:
            self.write(klass + self.layout.klass_cld, "Q", BASE)
            klass = self.word(klass + self.layout.klass_next)

    def object(self, klass: int) -> int:
        """An object with a class pointer of full length."""
        address = self.new(16)
        self.write(address, "QQ", 1, klass)
        return address

    def handle(self, target: int) -> int:
        address = self.new(8)
        self.write(address, "Q", target)
        return address
