"""What Python installers write about a distribution beside its list of files.

METADATA and PKG-INFO (core metadata), direct_url.json (PEP 610), .egg-link and .pth (setuptools),
lists of vendored copies (vendor.txt of pip, vendored.txt of setuptools).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

import orjson

from sensor.errors import Malformed

# Name and Version stand in the first lines; what follows is a description of any length.
HEAD_BYTES = 4096
MAX_HEAD_BYTES = 64 << 10
# direct_url.json, .egg-link, .pth and vendor.txt are a few hundred bytes, vendor.txt a few KB.
MAX_SMALL_BYTES = 64 << 10
MAX_PINS = 1_000

# PEP 508: what a distribution can be called; the bound keeps hostile names out of reports.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,198}[A-Za-z0-9])?")
# PEP 440 and the older free forms: printable, without spaces.
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!~-]{0,198}")
_PIN = re.compile(r"^\s*([A-Za-z0-9._-]{1,200})==([^\s#;]{1,200})", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Identity:
    """Name as written, and version; None when the metadata has none that is well formed."""

    name: str
    version: str | None


def identity(head: bytes) -> Identity:
    """Who a distribution is, out of the head of its METADATA or PKG-INFO.

    Raises Malformed when there is no well-formed name.
    """
    fields: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").split("\n"):
        if not line.strip():
            break
        key, colon, value = line.partition(":")
        if colon and key.lower() in ("name", "version"):
            fields.setdefault(key.lower(), value.strip())
    name, version = fields.get("name", ""), fields.get("version", "")
    if not _NAME.fullmatch(name):
        raise Malformed(f"no name of a distribution: {name[:80]!r}")
    return Identity(name, version if _VERSION.fullmatch(version) else None)


def is_whole(head: bytes) -> bool:
    """Whether these first bytes hold all that `identity` needs: both fields, or the whole head."""
    lines = head.replace(b"\r", b"").split(b"\n")[:-1]
    keys = {line.partition(b":")[0].lower() for line in lines}
    return b"" in lines or {b"name", b"version"} <= keys


def editable_project(data: bytes) -> str | None:
    """The project directory of an editable install (direct_url.json); None for other installs.

    Raises Malformed when it is no JSON object.
    """
    if len(data) > MAX_SMALL_BYTES:
        raise Malformed(f"direct_url.json of {len(data)} bytes")
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"direct_url.json: {error}") from error
    if not isinstance(value, dict):
        raise Malformed("direct_url.json is no object")
    info, url = value.get("dir_info"), value.get("url")
    if not isinstance(info, dict) or info.get("editable") is not True or not isinstance(url, str):
        return None
    return directory(unquote(url.removeprefix("file://"))) if url.startswith("file:///") else None


def pth_directories(data: bytes) -> list[str]:
    """The absolute directories that a .pth file adds to the search path; first line of .egg-link.

    Lines that begin with `import` are code and are passed over, as site.py would run them.
    """
    if len(data) > MAX_SMALL_BYTES:
        raise Malformed(f".pth of {len(data)} bytes")
    lines = (line.strip() for line in data.decode("utf-8", "replace").split("\n"))
    found = (directory(line) for line in lines if not line.startswith(("#", "import ", "import\t")))
    return [path for path in found if path]


def directory(path: str) -> str | None:
    """The path without its last slash; None when it is not absolute."""
    if not path.startswith("/") or "\0" in path:
        return None
    return path.rstrip("/") or "/"


def pins(data: bytes) -> dict[str, Identity]:
    """The `name==version` lines of a list of vendored copies, by likely import name.

    The import name is the distribution's in lower case with `_`: copies under another name
    (pkg_resources out of setuptools) are not found by it. Raises Malformed.
    """
    if len(data) > MAX_SMALL_BYTES:
        raise Malformed(f"list of vendored copies of {len(data)} bytes")
    found = {}
    for name, version in _PIN.findall(data.decode("utf-8", "replace"))[:MAX_PINS]:
        if _NAME.fullmatch(name) and _VERSION.fullmatch(version):
            found[import_name(name)] = Identity(name, version)
    return found


def import_name(name: str) -> str:
    """The import name that a distribution of this name would have by custom."""
    return re.sub(r"[-_.]+", "_", name).lower()
