"""Which mapped libraries of a process may be built by Go. Looks at mappings only.

In a Go program any library can be a plug-in. In programs of other languages Go comes as one library
(`-buildmode=c-shared`), with its whole runtime in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sensor.model.process import Mapping

# A program with hundreds maps those of a desktop; each new one costs an open and some small reads.
MAX_OBJECTS = 256
# The smallest that Go 1.12 to 1.27 link has 900 KB of code and data.
MIN_SIZE = 512 << 10
# Parts of the C library and of the compiler: never built by Go.
SYSTEM = (
    *("ld-", "libc.", "libc-", "libm.", "libm-", "libdl", "libpthread", "librt", "libresolv"),
    *("libnss_", "libgcc_s", "libstdc++"),
)
# What a distribution installs for programs of other languages is not built by Go.
SYSTEM_FOLDERS = ("/usr/lib/", "/usr/lib64/", "/lib/", "/lib64/")


def candidates(maps: Iterable[Mapping], exe: str, *, in_go: bool) -> list[Mapping]:
    """One executable mapping of each library that may be; one more than MAX_OBJECTS if too many."""
    first: dict[tuple[str, int], Mapping] = {}
    sizes: dict[tuple[str, int], int] = {}
    for mapping in maps:
        if mapping.inode and mapping.path != exe:
            sizes[mapping.file_key] = sizes.get(mapping.file_key, 0) + mapping.size
            if "x" in mapping.perms:
                first.setdefault(mapping.file_key, mapping)
    found = [m for key, m in first.items() if in_go or sizes[key] >= MIN_SIZE]
    return _without_system(found, in_go=in_go)[: MAX_OBJECTS + 1]


def _without_system(mappings: Sequence[Mapping], *, in_go: bool) -> list[Mapping]:
    return [
        mapping
        for mapping in mappings
        if not mapping.path.rpartition("/")[2].startswith(SYSTEM)
        and (in_go or not mapping.path.startswith(SYSTEM_FOLDERS))
    ]
