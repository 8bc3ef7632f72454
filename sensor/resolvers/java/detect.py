"""Could this be a Java process, and of which VM? By its mappings; a file confirms one kind."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from sensor.formats.elf import Elf

if TYPE_CHECKING:
    from sensor.host.seam import Process
    from sensor.model.process import Mapping

# HotSpot, and GraalVM with it, is libjvm.so; OpenJ9 maps its own library beside one of that name.
HOTSPOT = "libjvm.so"
OPENJ9 = re.compile(r"libj9vm\d+\.so")


# A native image of GraalVM maps the heap that was built into its program once more, beside its
# own heap: so far away from the program, at least. A program of .NET in one file does so, too.
FAR = 1 << 30
HEAP_SECTION = ".svm_heap"


def detects(process: Process) -> bool:
    """Whether the library of a Java VM is mapped, or the program could be a native image."""
    return bool(hotspot(process) or other_vm(process) or perhaps_native(process))


def hotspot(process: Process) -> Mapping | None:
    """The lowest mapping of the first libjvm.so."""
    for mapping in process.maps():
        if mapping.inode and _base(mapping.path) == HOTSPOT:
            return mapping
    return None


def other_vm(process: Process) -> str | None:
    """The path of the library of a VM whose memory is laid out in another way."""
    for mapping in process.maps():
        if "j9vm" in mapping.path and OPENJ9.fullmatch(_base(mapping.path)):
            return mapping.path
    return None


def perhaps_native(process: Process) -> Mapping | None:
    """The lowest mapping of a program that maps itself again, far away."""
    own = [mapping for mapping in process.maps() if mapping.inode and mapping.path == process.exe]
    far = any(later.start - earlier.end > FAR for earlier, later in pairwise(own))
    return own[0] if far else None


def is_native(process: Process, mapping: Mapping) -> bool:
    """Whether its file has the heap of a native image. Raises FileRefused and Malformed."""
    with process.files.open_mapped(mapping) as file:
        return Elf(file).section(HEAP_SECTION) is not None


def _base(path: str) -> str:
    return path.rpartition("/")[2]
