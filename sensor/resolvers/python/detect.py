"""Could this be a Python process, and which of its mapped files hold the interpreter? Maps only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.host.seam import Process
    from sensor.model.process import Mapping

# python, python3, python3.11, python3.13t, python3.12d, python2.7; not python3-config or pythonise.
PROGRAM = re.compile(r"python(\d(\.\d{1,2})?[dmtu]{0,3})?")
LIBRARY = re.compile(r"libpython(\d(\.\d{1,2})?[dmtu]{0,3})?[-.\w]*\.so[.\d]*")
# Extension modules (PEP 3149): yaml/_yaml.cpython-311-x86_64-linux-gnu.so.
EXTENSION = re.compile(r"\.cpython-3\d{1,2}[a-z]*(-[-\w]+)?\.so")
PYPY = re.compile(r"(lib)?pypy[-.\w]*")
PYTHON2 = re.compile(r"python2(\.\d)?|libpython2\.\d\.so[.\d]*")
# How many mapped files are looked into for an interpreter linked into an unknown library.
MAX_OTHERS = 64


class Candidate(NamedTuple):
    """A mapped file that can hold an interpreter, with all its mappings in address order.

    `sure` is that its name says so: only there is a search without symbols worth its cost.
    """

    mappings: tuple[Mapping, ...]
    sure: bool

    @property
    def name(self) -> str:
        """The last part of its path."""
        return _base(self.mappings[0].path)


def detects(process: Process) -> bool:
    """Whether a name among the mapped files is that of a Python interpreter or extension module."""
    if PROGRAM.fullmatch(_base(process.exe)) or unsupported(process):
        return True
    paths = {mapping.path for mapping in process.maps() if mapping.inode}
    return any(
        "python" in path and (LIBRARY.fullmatch(_base(path)) or EXTENSION.search(path))
        for path in paths
    )


def unsupported(process: Process) -> str | None:
    """The name of an interpreter whose heap is another one than that of CPython 3, else None."""
    names = {_base(m.path) for m in process.maps() if "python2" in m.path or "pypy" in m.path}
    names.add(_base(process.exe))
    if any(PYPY.fullmatch(name) for name in names):
        return "PyPy"
    return "Python 2" if any(PYTHON2.fullmatch(name) for name in names) else None


def candidates(process: Process) -> list[Candidate]:
    """The mapped files that can hold an interpreter, the likeliest first."""
    files: dict[tuple[str, int], list[Mapping]] = {}
    for mapping in process.maps():
        if mapping.inode:
            files.setdefault(mapping.file_key, []).append(mapping)
    programs = [maps for maps in files.values() if any("x" in mapping.perms for mapping in maps)]
    ranked = sorted(((_rank(process, maps), maps) for maps in programs), key=lambda pair: pair[0])
    return [Candidate(tuple(maps), rank < _OTHER) for rank, maps in ranked[:MAX_OTHERS]]


_OTHER = 2


def _rank(process: Process, mappings: Sequence[Mapping]) -> int:
    path = mappings[0].path
    if LIBRARY.fullmatch(_base(path)):
        return 0
    return 1 if path == process.exe else _OTHER


def _base(path: str) -> str:
    return path.rpartition("/")[2]
