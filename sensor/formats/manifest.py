"""The main attributes of META-INF/MANIFEST.MF, and the few lines of pom.properties.

JAR File Specification, "Notes on Manifest and Signature Files": lines of at most 72 bytes, a line
that begins with a blank goes on the one before, names are compared without case, a blank line ends
the main section. java.util.Properties: `key=value` or `key:value`, `#` and `!` begin a comment.
"""

from __future__ import annotations

# The longest manifests seen list the class path of an application: some 1,000 lines.
MAX_LINES = 10_000
MAX_VALUE = 100_000
# pom.properties has three lines and a comment.
MAX_PROPERTIES = 100


def main_attributes(data: bytes) -> dict[str, str]:
    """The main section, names in lower case; what is no attribute is skipped."""
    attributes: dict[str, bytearray] = {}
    present: bytearray | None = None
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n", MAX_LINES)
    for line in lines[:MAX_LINES]:
        if not line:
            break
        if line.startswith(b" "):
            if present is not None:
                present += line[1:]
            continue
        name, colon, value = line.partition(b":")
        present = bytearray(value.removeprefix(b" ")) if colon else None
        if present is not None:
            attributes[name.decode("ascii", "replace").strip().lower()] = present
    return {name: _text(value) for name, value in attributes.items()}


def properties(data: bytes) -> dict[str, str]:
    """The pairs of a properties file without escapes; the last of equal keys counts, as in Java."""
    pairs = {}
    for line in data.decode("latin-1").splitlines()[:MAX_PROPERTIES]:
        stripped = line.strip()
        if not stripped.startswith(("#", "!")):
            name, equals, value = stripped.partition("=")
            if not equals:
                name, equals, value = stripped.partition(":")
            if equals:
                pairs[name.strip()] = value.strip()
    return pairs


def _text(value: bytearray) -> str:
    return bytes(value[:MAX_VALUE]).decode("utf-8", "replace").strip()
