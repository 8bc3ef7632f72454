"""The libjvm.so that a process maps: where it is, and what it says of its own structures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

from sensor.formats.elf import Elf
from sensor.resolvers.java.layout import CONSTANTS, TYPES, Layout, layout_of
from sensor.resolvers.java.structs import Reader

if TYPE_CHECKING:
    from sensor.host.seam import Cache, Process
    from sensor.model.finding import Plain
    from sensor.model.process import Mapping
    from sensor.resolvers.java.memory import Memory

CACHE = "java.layout"


class Library(NamedTuple):
    """A mapped libjvm.so: its layout, and by how much its addresses are shifted."""

    layout: Layout
    bias: int

    def plain(self) -> Plain:
        """A JSON list."""
        return [self.layout.plain(), self.bias]

    @classmethod
    def from_plain(cls, data: Any) -> Self:  # noqa: ANN401 - decoded JSON
        """The library of a JSON list."""
        return cls(Layout.from_plain(data[0]), data[1])


def opened(process: Process, memory: Memory, mapping: Mapping, cache: Cache) -> Library:
    """Read its tables, once for each file. Raises FileRefused and Malformed."""
    with process.files.open_mapped(mapping) as file:
        elf = Elf(file)
        bias = mapping.start - elf.lowest_load
        known = cache.get(CACHE, file.id)
        if known is not None:
            return Library(Layout.from_plain(known), bias)
        layout = layout_of(Reader(memory, elf, bias).read(TYPES, CONSTANTS))
        cache.put(CACHE, file.id, layout.plain())
        return Library(layout, bias)
