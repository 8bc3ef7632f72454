"""Whether a module and its metadata tell of two versions: an upgrade under a running process.

Metadata says what is installed now; `__version__` in memory is what was loaded. Where they differ,
one of them is not what runs, and a person must look.
"""

from __future__ import annotations

import re

_PART = re.compile(r"\d+|[a-z]+")
# Spellings that PEP 440 makes one.
_SAME = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc", "rev": "post"}
# A version of more characters is no version.
MAX_LENGTH = 200


def differ(stated: str, recorded: str) -> bool:
    """Whether two spellings of a version mean two versions. Local parts (`+cpu`) do not count."""
    if max(len(stated), len(recorded)) > MAX_LENGTH:
        return True
    return _parts(stated) != _parts(recorded)


def _parts(version: str) -> list[str]:
    public = version.strip().lower().removeprefix("v").partition("+")[0]
    parts = [_SAME.get(part, part.lstrip("0") or "0") for part in _PART.findall(public)]
    while parts and parts[-1] == "0":
        parts.pop()
    return parts
