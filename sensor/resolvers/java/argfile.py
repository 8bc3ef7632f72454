"""The class path of a file that `java -cp @FILE` is told to read, as Jib's images do. No more.

The launcher reads it, the JVM does not: its own command line still names the file. Source: OpenJDK
9 and later, java.base/share/native/libjli/args.c. Only the first word is looked at, for the rest
of such a file can be secret.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sensor.errors import FileRefused, Malformed
from sensor.formats.source import whole

if TYPE_CHECKING:
    from sensor.host.seam import Files

MARK: Final = "@"
# 1,000 JARs with paths of 250 bytes.
MAX_BYTES: Final = 256 << 10

# Comments and blanks, then a word in quotation marks or without any.
_FIRST: Final = re.compile(r"(?:\s|#[^\r\n]*)*+(?:\"([^\"\r\n]*)\"?|'([^'\r\n]*)'?|([^\s\"'#]+))")
# In quotation marks a backslash takes the next sign as it is.
_ESCAPED: Final = re.compile(r"\\(.)")


def class_path(files: Files, path: str) -> str:
    """The class path in the file; empty when it cannot be had."""
    try:
        with files.open(path) as file:
            text = whole(file, MAX_BYTES).decode(errors="replace")
    except (FileRefused, Malformed):
        return ""
    found = _FIRST.match(text)
    if found is None:
        return ""
    quoted = found[1] if found[1] is not None else found[2]
    return _ESCAPED.sub(r"\1", quoted) if quoted is not None else found[3]
