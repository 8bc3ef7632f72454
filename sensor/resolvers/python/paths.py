"""What the path of a module says: which directory of sys.path it was imported from.

Pure text. A process may claim any path: nothing here says that a file exists.
"""

from __future__ import annotations

import re

# PATH_MAX of Linux.
MAX_PATH = 4096
# Directories that installers own: `site-packages` (CPython), `dist-packages` (Debian).
SITE = re.compile(r"^(.*?/(?:site|dist)-packages)/.")
# An environment and its site directory, as conda lays them out.
ENVIRONMENT = re.compile(r"(/.*?)/(lib/python3\.[0-9]{1,3}t?/site-packages)")
# Parts that a plain path does not have: `.`, `..`, an empty one.
_ODD = re.compile(r"/\.{0,2}(?:/|$)")
# The script that was started: its name says nothing about where it lies.
SCRIPTS = frozenset(("__main__", "__mp_main__"))


def clean(path: str | None) -> str | None:
    """The absolute path in its plain form, without `.`, `..` and doubled slashes; else None.

    `..` is taken as text: where that is not the file the process meant, because of a link, the
    file is either not there or not in the list of any distribution.
    """
    if not path or not path.startswith("/") or "\0" in path or len(path) > MAX_PATH:
        return None
    if not path.isascii() and not _encodable(path):
        return None
    return _normal(path) if _ODD.search(path) else path


def import_root(name: str, path: str) -> tuple[str, str] | None:
    """The import root and the path below it, where path and name of the module agree.

    `flask.json.tag` in `/x/flask/json/tag.py` came from `/x`. None when they do not agree: the
    module goes by another name than its file.
    """
    dot = path.find(".", path.rfind("/") + 1)
    if dot < 0 or name in SCRIPTS:
        return None
    stem = path[:dot].removesuffix("/__init__")
    tail = "/" + name.replace(".", "/")
    if not stem.endswith(tail):
        return None
    root = stem[: -len(tail)]
    return root or "/", path[len(root) + 1 :]


def inside(path: str, directory: str) -> bool:
    """Whether the path lies below the directory."""
    return path.startswith(directory if directory.endswith("/") else directory + "/")


def below(path: str, directory: str) -> str:
    """The part of a path that lies below the directory."""
    return path[len(directory.rstrip("/")) + 1 :]


def join(directory: str, name: str) -> str:
    """The path of an entry of a directory."""
    return f"{directory.rstrip('/')}/{name}"


def parent(path: str) -> str:
    """The directory that holds a path; "" at the top of a relative one."""
    return path[: max(path.rfind("/"), 0)]


def parents(path: str) -> list[str]:
    """All directories above a relative path, outermost first."""
    return [path[:at] for at, letter in enumerate(path) if letter == "/"]


def is_standard(path: str, stdlib: str | None) -> bool:
    """Whether a path belongs to the standard library, and not to a site directory inside it."""
    if stdlib is None:
        return False
    return path == stdlib or (inside(path, stdlib) and "-packages" not in path[len(stdlib) :])


def _normal(path: str) -> str:
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del kept[-1:]
        elif part not in ("", "."):
            kept.append(part)
    return "/" + "/".join(kept)


def _encodable(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
