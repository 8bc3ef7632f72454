"""Which of the mapped files of a process are code: its program and libraries. Maps only."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from sensor.model import telling

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sensor.host.seam import Process
    from sensor.model.process import Mapping

# Some libraries hold data only (ICU's), and are mapped without the right to execute.
LIBRARY: Final = re.compile(r"\.so[.\d]*$")
# Made by the kernel or by the process itself, not installed: /memfd:NAME, /SYSV00000000, /dev/zero.
_MADE: Final = ("/memfd:", "/SYSV", "/dev/", "/anon_hugepage", "/i915")
# The interpreter of Debian's Python, and what its packages install for it. A process that has both
# is the Python resolver's to read: it reports these packages by the modules that were imported.
_PYTHON: Final = re.compile(r"(^|/)(python3[.\d]*|libpython3[.\d]+\.so[.\d]*)$")
_MODULES: Final = re.compile(r"(/usr)?/lib/python3[.\d]*/dist-packages/")


def code_of(process: Process) -> list[Mapping]:
    """One mapping of each file of code: the program first, then by path."""
    files: dict[tuple[str, int], Mapping] = {}
    for mapping in process.maps():
        if _is_code(mapping):
            known = files.setdefault(mapping.file_key, mapping)
            if "x" in mapping.perms and "x" not in known.perms:
                files[mapping.file_key] = mapping
    exe = process.exe
    found = sorted(files.values(), key=lambda mapping: (mapping.path != exe, mapping.path))
    if any(_PYTHON.search(mapping.path) for mapping in found):
        found = [mapping for mapping in found if not _MODULES.match(mapping.path)]
    return found


def _is_code(mapping: Mapping) -> bool:
    path = mapping.path
    if not mapping.inode or not path.startswith("/") or path.startswith(_MADE):
        return False
    return "x" in mapping.perms or LIBRARY.search(path) is not None


def signature(files: Sequence[Mapping]) -> str:
    """Equal texts mean the same files: addresses, which differ in each process, do not count."""
    words = (f"{m.device} {m.inode} {m.deleted:d} {m.path}" for m in files)
    return blake2b("\n".join(words).encode(), digest_size=12).hexdigest()


def place(mapping: Mapping) -> str:
    """Where it is mapped, as maps writes it."""
    return f"{mapping.start:x}-{mapping.end:x} {mapping.perms}"


def few(paths: Iterable[str], most: int = 5) -> str:
    """How many, and the first of them in order."""
    every = sorted(paths)
    return f"{len(every)}: {telling.few(every, most)}"
