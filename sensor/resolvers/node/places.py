"""What the path of a module says: the package around it, and where its package.json can be.

Pure text. A process may claim any path: nothing here says that a file exists.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# PATH_MAX of Linux.
MAX_PATH = 4096
# Directories in one path. The deepest honest ones, of npm 2, nest some 30 packages.
MAX_DEPTH = 100
MODULES = "node_modules"

# Yarn, fslib/sources/VirtualFS.ts: FOLDER/__virtual__/NAME-HASH/N/REST is REST below the folder
# that is N levels above FOLDER. The name was $$virtual before yarn 3.
_VIRTUAL = re.compile(r"^(.*?)/(?:__virtual__|\$\$virtual)/(?:[^/]+-)?[0-9a-f]+/(\d{1,2})/(.+)$")
_ARCHIVE = re.compile(r"^(.+?\.zip)/(.*)$")


class Place(NamedTuple):
    """Where the package.json of a module can be.

    `package` is the innermost node_modules/PKG above the module, "" when it is in none. `above` are
    the directories from the module's own up to that one, or up to the root: innermost first. It is
    empty for a file that lies in node_modules itself, which is no package's.
    """

    package: str
    above: tuple[str, ...]


def usable(path: str) -> str | None:
    """The real absolute path of a module, without yarn's virtual folders; None if it is none."""
    if not path.startswith("/") or "\0" in path or len(path) > MAX_PATH:
        return None
    if any(part in {"", ".", ".."} for part in path[1:].split("/")) or not _encodable(path):
        return None
    found = _VIRTUAL.match(path)
    if found is None:
        return path
    parts = found[1].split("/")
    up = len(parts) - int(found[2])
    return "/".join((*parts[: max(1, up)], found[3]))


def _encodable(path: str) -> bool:
    """Whether a report can carry it: JSON has no lone surrogates."""
    return path.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in path)


def place(folder: str) -> Place | None:
    """The place of the modules in a folder ("" is the root); None when it is too deep to follow."""
    parts = folder.split("/")
    if len(parts) > MAX_DEPTH:
        return None
    top = _package(parts)
    if top is None:
        return Place("", ())
    above = ("/".join(parts[:end]) for end in range(len(parts), top - 1, -1))
    return Place("/".join(parts[:top]) if top > 1 else "", tuple(above))


def _package(parts: list[str]) -> int | None:
    """How many parts the path of the package has, 1 (the root) outside of node_modules.

    None for what lies beside the packages.
    """
    if MODULES not in parts:
        return 1
    after = len(parts) - parts[::-1].index(MODULES)
    end = after + (2 if after < len(parts) and parts[after].startswith("@") else 1)
    return end if end <= len(parts) else None


def split(path: str) -> tuple[str, str] | None:
    """The archive and the path in it, for a path through a .zip file; else None."""
    found = _ARCHIVE.match(path)
    return (found[1], found[2]) if found else None


def archive(folder: str) -> str:
    """The archive that a folder can lie in, "" when its path is through no .zip file."""
    parts = split(f"{folder}/")
    return parts[0] if parts else ""
