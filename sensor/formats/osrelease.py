"""/etc/os-release (os-release(5)): which distribution an image is made from."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sensor.errors import Malformed

# A real one has about 300 bytes.
MAX_BYTES = 64 << 10
_LINE = re.compile(r"^([A-Z_]{1,40})=[\"']?([^\"'\n]{0,200})[\"']?\s*$", re.MULTILINE)
# The lower-case words that os-release(5) allows for ID, VERSION_ID and VERSION_CODENAME.
_WORD = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Release:
    """`id` ("debian"), `label` as package URLs write it: "debian-12", "debian-sid"."""

    id: str
    label: str


def release(data: bytes) -> Release:
    """Read the file. Raises Malformed when there is no well-formed ID."""
    if len(data) > MAX_BYTES:
        raise Malformed(f"os-release of {len(data)} bytes")
    fields = dict(_LINE.findall(data.decode("utf-8", "replace")))
    name = fields.get("ID", "")
    if not _WORD.fullmatch(name):
        raise Malformed(f"os-release without ID: {name!r}")
    # Debian's testing and unstable have a code name but no version.
    version = fields.get("VERSION_ID") or fields.get("VERSION_CODENAME", "")
    return Release(name, f"{name}-{version}" if _WORD.fullmatch(version) else name)
