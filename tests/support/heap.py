"""A made-up CPython heap behind the `Process` seam, in any layout: for lies and for torn reads.

Objects are written as the headers of CPython say; what a test wants to be wrong it overwrites.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from sensor.errors import FileMissing, FileRefused
from sensor.model.budget import Meter
from sensor.model.process import Arguments, Mapping, ProcessKey

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Mapping as Dictionary

    from sensor.formats.source import Range
    from sensor.host.seam import File
    from sensor.model.file import FileId
    from sensor.model.process import Descriptor
    from sensor.resolvers.python.layouts import Layout

BASE = 0x7F0000000000
SIZE = 1 << 20
NEW_KEYS_HEADER, OLD_KEYS_HEADER = 32, 40


class Heap:
    """One piece of memory with objects in it; also a Process that has nothing else."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.memory = bytearray(SIZE)
        self.absent: set[int] = set()
        self.before_fresh: list[Callable[[], None]] = []
        self.reads = 0
        self._cache = bytes(self.memory)
        self._end = 64
        self._texts: dict[str, int] = {}
        self.str_type, self.dict_type, self.module_type, self.list_type = (
            self.new(layout.header + 64) for _ in range(4)
        )

    # How a Process answers.
    key = ProcessKey(1, 1)
    at = 1.0
    exe = "/usr/bin/python3"
    arguments = Arguments()
    memory_gap: str | None = None
    meter = Meter()

    @property
    def files(self) -> Heap:
        return self

    def open_mapped(self, mapping: Mapping) -> File:
        raise FileRefused(mapping.path, "made up")

    def list_dir(self, path: str) -> tuple[FileId, list[str]]:
        raise FileMissing(path)

    def stat_many(self, paths: Sequence[str]) -> list[FileId | None]:
        return [None for _ in paths]

    def read_link(self, path: str) -> str | None:
        raise FileMissing(path)

    def maps(self) -> Sequence[Mapping]:
        code = Mapping(BASE - 4096, BASE, "r-xp", 0, "0:1", 7, self.exe)
        return [code, Mapping(BASE, BASE + SIZE, "rw-p", 4096, "0:1", 7, self.exe)]

    def descriptors(self) -> Sequence[Descriptor]:
        return []

    def read(self, ranges: Sequence[Range], *, fresh: bool = False) -> list[bytes | None]:
        """From memory as it was at the first read, or as it is: so that tests can tear it."""
        if fresh and self.before_fresh:
            self.before_fresh.pop(0)()
        if fresh or not self.reads:
            self._cache = bytes(self.memory)
        self.reads += 1
        return [self._read(start - BASE, size) for start, size in ranges]

    def _read(self, start: int, size: int) -> bytes | None:
        if not 0 <= start <= start + size <= SIZE:
            return None
        pages = set(range(start // 4096, (start + size + 4095) // 4096))
        return None if pages & self.absent else self._cache[start : start + size]

    def find(self, pattern: bytes, ranges: Sequence[Range], *, limit: int) -> list[int]:
        del ranges, limit
        at = self.memory.find(pattern)
        return [] if at < 0 else [BASE + at]

    # How objects are written.
    def new(self, size: int) -> int:
        """Zeroed memory, aligned to 16 bytes: its address."""
        address = BASE + self._end
        self._end += size + -size % 16
        return address

    def write(self, address: int, form: str, *values: int) -> None:
        struct.pack_into("<" + form, self.memory, address - BASE, *values)

    def put(self, address: int, data: bytes) -> None:
        self.memory[address - BASE : address - BASE + len(data)] = data

    def object(self, kind: int, size: int) -> int:
        address = self.new(self.layout.header + size)
        self.write(address + self.layout.header - 8, "Q", kind)
        return address

    def text(self, value: str) -> int:
        """A str: interned, so that equal ones are one object."""
        if value not in self._texts:
            self._texts[value] = self._text(value)
        return self._texts[value]

    def _text(self, value: str) -> int:
        widest = max(map(ord, value), default=0)
        kind = 1 if widest < 256 else 2 if widest < 65536 else 4
        codec = {1: "latin-1", 2: "utf-16-le", 4: "utf-32-le"}[kind]
        data = value.encode(codec, "surrogatepass" if kind > 1 else "strict")
        start = self.layout.ascii if widest < 128 else self.layout.compact
        address = self.object(self.str_type, start + len(data) + kind)
        state = (kind | 1 << 3 | (widest < 128) << 4) << self.layout.kind_shift
        self.write(address + self.layout.header, "QqI", len(value), -1, state)
        self.put(address + start, data)
        return address

    def dict(self, items: Dictionary[str, int], log2: int = 0) -> int:
        """A combined dict of str keys; `log2` is the size of its keys table."""
        log2 = log2 or max(3, (len(items) * 3 // 2).bit_length())
        address = self.object(self.dict_type, 32)
        keys = self.keys(items, log2)
        self.write(address + self.layout.header, "QQQQ", len(items), 1, keys, 0)
        return address

    def keys(self, items: Dictionary[str, int], log2: int) -> int:
        size, count = 1 << log2, len(items)
        width = 1 if log2 < 8 else 2
        new = self.layout.new_keys
        start = (NEW_KEYS_HEADER if new else OLD_KEYS_HEADER) + size * width
        address = self.new(start + size * (16 if new else 24))
        if new:
            self.write(address, "QBBBBIqq", 1, log2, log2 + width - 1, 1, 0, 0, size, count)
        else:
            self.write(address, "QQQqq", 1, size, 0, size, count)
        for number, (key, value) in enumerate(items.items()):
            entry = (self.text(key), value) if new else (0, self.text(key), value)
            at = address + start + number * 8 * len(entry)
            self.write(at, "Q" * len(entry), *entry)
        return address

    def module(self, **attributes: str) -> int:
        """A module whose attributes are strs."""
        return self.module_of({name: self.text(value) for name, value in attributes.items()})

    def module_of(self, attributes: Dictionary[str, int]) -> int:
        address = self.object(self.module_type, 8)
        self.write(address + self.layout.header, "Q", self.dict(attributes))
        return address

    def sys_modules(self, modules: Dictionary[str, int]) -> int:
        """A sys.modules with `sys` and `builtins` before these modules."""
        sys = self.module_of({})
        every = {"sys": sys, "builtins": self.module(__name__="builtins"), **modules}
        address = self.dict(every)
        names = {"modules": address, "version": self.text("3.99.1 (made up)")}
        self.write(sys + self.layout.header, "Q", self.dict(names))
        return address

    def interpreter(self, modules: int, at: int, following: int = 0) -> int:
        """A PyInterpreterState with sys.modules at this offset."""
        address = self.new(at + 64)
        self.write(address, "QQ", following, self.module_type)
        self.write(address + at, "Q", modules)
        return address

    def none(self) -> int:
        kind = self.new(self.layout.header + 64)
        name = self.new(16)
        self.put(name, b"NoneType\0")
        self.write(kind + self.layout.header + 8, "Q", name)
        return self.object(kind, 0)
