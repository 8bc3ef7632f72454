"""Could this be a Node.js process, and which of its mapped files is the program? Maps only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sensor.host.seam import Process
    from sensor.model.process import Mapping

# The names of the official program, and of Debian's, around its libnode.so.115.
PROGRAM = re.compile(r"node(js)?([-.]?\d+)*")
LIBRARY = re.compile(r"libnode\.so(\.\d+)*")
# Programs with Node.js inside have any name (single executable applications). The smallest official
# program, of Node.js 10, is 40 MB; of what is so large, few programs are not read by their symbols.
MIN_PROGRAM = 30 << 20


def detects(process: Process) -> bool:
    """Whether the program, or a mapped library, can be Node.js."""
    return is_named(process) or _size(process) >= MIN_PROGRAM


def is_named(process: Process) -> bool:
    """Whether a name says so: then a process that cannot be read is told of."""
    if PROGRAM.fullmatch(_base(process.exe)):
        return True
    mapping = library(process)
    return mapping is not None and mapping.path != process.exe


def library(process: Process) -> Mapping | None:
    """The first mapping of the file with V8 in it: libnode.so, else the program itself."""
    program = None
    for mapping in process.maps():
        if not mapping.inode:
            continue
        if "libnode" in mapping.path and LIBRARY.fullmatch(_base(mapping.path)):
            return mapping
        if program is None and mapping.path == process.exe:
            program = mapping
    return program


def _size(process: Process) -> int:
    return sum(m.size for m in process.maps() if m.inode and m.path == process.exe)


def _base(path: str) -> str:
    return path.rpartition("/")[2]
