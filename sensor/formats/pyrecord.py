"""Lists of files that Python installers leave beside a distribution. Paths are as written there.

RECORD (PEP 376, PEP 627), installed-files.txt (pip before 20, for egg-info), SOURCES.txt and
top_level.txt (setuptools). Only importable files are kept: what a module can have as `__file__`.
"""

from __future__ import annotations

import csv
import re

from sensor.errors import Malformed

# The largest RECORD seen is ansible's, 3 MB and 30,000 rows: room for five.
MAX_BYTES = 16 << 20
MAX_ROWS = 200_000
# csv's own bound on one field is 128 KiB; a path of Linux ends at 4,096 bytes (PATH_MAX).
MAX_PATH = 4096
# Names in top_level.txt; the largest seen has 40.
MAX_NAMES = 10_000
# One is normal for an editable install.
MAX_PATH_FILES = 20
# A size of more digits is beyond an exabyte, and slow to read.
SIZE_DIGITS = 18

# `foo.py`, `foo.pyc` without a source, `foo.so`, `foo.abi3.so`, `foo.cpython-311-….so`.
SUFFIXES = (".py", ".so", ".pyc")
# A row without quotes: path, hash, size; the path ends like an importable file.
_ROW = re.compile(r"^([^,\n]{1,4096}\.(?:pyc?|so)),[^,\n]*,?([0-9]*)\r?$", re.MULTILINE)


def record(data: bytes) -> dict[str, int | None]:
    """Importable paths of a RECORD, with the size in bytes where the row has one.

    Paths are relative to the directory that holds the .dist-info. Raises Malformed.
    """
    text = _text(data)
    if '"' in text:
        rows = _quoted(text)
    else:
        rows = [(path, size) for path, size in _ROW.findall(text) if "__pycache__" not in path]
    return _bounded({clean: _size(size) for path, size in rows if (clean := relative(path))})


def path_files(data: bytes) -> list[str]:
    """The .pth files in a RECORD that lie beside the .dist-info: site.py reads only those."""
    rows = (row.partition(",")[0] for row in _text(data).split("\n"))
    return [path for path in rows if path.endswith(".pth") and "/" not in path][:MAX_PATH_FILES]


def installed_files(data: bytes, info: str) -> list[str]:
    """Importable paths of an installed-files.txt, relative to the directory that holds `info`.

    `info` is the name of the .egg-info directory: the rows are relative to it. Raises Malformed.
    """
    rows = (f"{info}/{row.strip()}" for row in _text(data).split("\n"))
    return list(_bounded({clean: None for row in rows if (clean := _importable(row))}))


def sources(data: bytes) -> list[str]:
    """Importable paths of a SOURCES.txt, relative to the source tree. Raises Malformed."""
    rows = (row.strip() for row in _text(data).split("\n"))
    return list(_bounded({clean: None for row in rows if (clean := _importable(row))}))


def top_level(data: bytes) -> list[str]:
    """The import names of a top_level.txt. Raises Malformed."""
    names = [name for row in _text(data).split("\n") if (name := row.strip())]
    if len(names) > MAX_NAMES or any(len(name) > MAX_PATH for name in names):
        raise Malformed(f"{len(names)} top-level names")
    return [name for name in names if "\0" not in name]


def relative(path: str) -> str | None:
    """The path without `.`, `..` and doubled slashes; None when it is absolute or leads outside."""
    if path.startswith("/") or "\0" in path or len(path) > MAX_PATH:
        return None
    if "/." not in path and "//" not in path and not path.startswith("."):
        return path
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if not kept:
                return None
            kept.pop()
        elif part not in ("", "."):
            kept.append(part)
    return "/".join(kept) or None


def _quoted(text: str) -> list[tuple[str, str]]:
    """Rows of a RECORD with quotes in it: names with commas, quotes or line ends."""
    try:
        rows = [(row[0], "".join(row[2:3])) for row in csv.reader(_lines(text)) if row]
    except csv.Error as error:
        raise Malformed(f"RECORD: {error}") from error
    return [(path, size) for path, size in rows if _importable(path)]


def _lines(text: str) -> list[str]:
    return [line + "\n" for line in text.split("\n")]


def _importable(path: str) -> str | None:
    if not path.endswith(SUFFIXES) or "__pycache__" in path:
        return None
    return relative(path)


def _size(digits: str) -> int | None:
    return int(digits) if digits.isdecimal() and len(digits) <= SIZE_DIGITS else None


def _text(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise Malformed(f"{len(data)} bytes, more than {MAX_BYTES}")
    return data.decode("utf-8", "replace")


def _bounded(paths: dict[str, int | None]) -> dict[str, int | None]:
    if len(paths) > MAX_ROWS:
        raise Malformed(f"{len(paths)} rows, more than {MAX_ROWS}")
    return paths
