"""The libjvm.so that a process maps: where it is, and what it says of its own structures."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sensor.formats.elf import Elf
from sensor.resolvers.java.layout import CONSTANTS, TYPES, Layout, layout_of
from sensor.resolvers.java.structs import Reader

if TYPE_CHECKING:
    from sensor.host.seam import Cache, Process
    from sensor.model.process import Mapping
    from sensor.resolvers.java.memory import Memory

CACHE = "java.layout"
LIBRARY = "/libjvm.so"


class Library(NamedTuple):
    """A mapped libjvm.so: its layout, and by how much its addresses are shifted."""

    layout: Layout
    bias: int


def mapping_of(process: Process) -> Mapping | None:
    """The lowest mapping of the first libjvm.so."""
    for mapping in process.maps():
        if mapping.inode and mapping.path.endswith(LIBRARY):
            return mapping
    return None


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
