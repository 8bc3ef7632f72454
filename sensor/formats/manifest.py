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
    text = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    main = text[: text.find(b"\n\n") + 1 or None].replace(b"\n ", b"")
    attributes: dict[str, bytes] = {}
    for line in main.split(b"\n", MAX_LINES)[:MAX_LINES]:
        if not line:
            break
        name, colon, value = line.partition(b":")
        if colon and not line.startswith(b" "):
            attributes[name.decode("ascii", "replace").strip().lower()] = value
    return {name: _text(value.removeprefix(b" ")) for name, value in attributes.items()}


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


def _text(value: bytes) -> str:
    return value[:MAX_VALUE].decode("utf-8", "replace").strip()
