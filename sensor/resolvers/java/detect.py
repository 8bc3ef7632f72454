"""Could this be a Java process, and of which VM? By the names of mapped files only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sensor.host.seam import Process
    from sensor.model.process import Mapping

# HotSpot, and GraalVM with it, is libjvm.so; OpenJ9 maps its own library beside one of that name.
HOTSPOT = "libjvm.so"
OPENJ9 = re.compile(r"libj9vm\d+\.so")


def detects(process: Process) -> bool:
    """Whether the library of a Java VM is mapped."""
    return hotspot(process) is not None or other_vm(process) is not None


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


def _base(path: str) -> str:
    return path.rpartition("/")[2]
