"""The database of dpkg, as it lies under /var/lib/dpkg: who is installed, who owns a path.

`status` and, in distroless images, `status.d/NAME` (deb822, deb-control(5)); `info/NAME.list` and
`status.d/NAME.md5sums`; `diversions` (dpkg-divert(1)); and the merged /usr, whose links make two
names for one file. Bytes to data; who opens what is the caller's business.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sensor.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# A desktop's status is 5 MB for 3,000 packages, 15 µs each; the longest paragraph has 40 KB.
MAX_STATUS = 8 << 20
MAX_PACKAGES = 20_000
MAX_PARAGRAPH = 256 << 10
# The largest .list (linux headers) is 2 MB in 30,000 lines.
MAX_LIST = 8 << 20
# A machine has some 20.
MAX_DIVERSIONS = 1000

STATUS = "/var/lib/dpkg/status"
STATUS_PARTS = "/var/lib/dpkg/status.d"
INFO = "/var/lib/dpkg/info"
DIVERSIONS = "/var/lib/dpkg/diversions"
# Where a merged /usr has links (usrmerge; Debian 12 and Ubuntu 20.04 on).
MERGED = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")

# States in which a package's files are unpacked (dpkg(1), "Package states").
_PRESENT = frozenset(
    (b"installed", b"triggers-pending", b"triggers-awaited", b"half-configured", b"unpacked")
)
_FIELD = re.compile(rb"^(Package|Version|Architecture|Status):[ \t]*([^\n]{0,400})$", re.MULTILINE)
# deb-control(5) and deb-version(7).
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]{0,198}")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+:~-]{0,198}")
_ARCH = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")


class Binary(NamedTuple):
    """An installed binary package; `version` with its epoch."""

    name: str
    version: str
    arch: str


def installed(data: bytes) -> list[Binary]:
    """The packages of a status file whose files are unpacked; ill-formed paragraphs are left out.

    In status.d there is no Status line: those count as installed. Raises Malformed at a bound.
    """
    if len(data) > MAX_STATUS:
        raise Malformed(f"dpkg status of {len(data)} bytes")
    paragraphs = re.split(rb"\n[ \t]*\n", data, maxsplit=MAX_PACKAGES)
    if len(paragraphs) > MAX_PACKAGES:
        raise Malformed(f"more than {MAX_PACKAGES} paragraphs")
    found = []
    for paragraph in paragraphs:
        if len(paragraph) > MAX_PARAGRAPH:
            continue
        fields = dict(_FIELD.findall(paragraph))
        state = fields.get(b"Status", b"installed").split()
        if state and state[-1] in _PRESENT and (binary := _binary(fields)):
            found.append(binary)
    return found


def _binary(fields: Mapping[bytes, bytes]) -> Binary | None:
    name, version, arch = (
        fields.get(key, b"").decode("utf-8", "replace").strip()
        for key in (b"Package", b"Version", b"Architecture")
    )
    whole = _NAME.fullmatch(name) and _VERSION.fullmatch(version) and _ARCH.fullmatch(arch)
    return Binary(name, version, arch) if whole else None


def is_name(text: str) -> bool:
    """Whether a package can have this name."""
    return _NAME.fullmatch(text) is not None


def paths_below(data: bytes, directory: str) -> list[str]:
    """The paths of a .list that lie below `directory`, relative to it. Raises Malformed."""
    return _below(data, b"/", directory)


def md5sums_below(data: bytes, directory: str) -> list[str]:
    """The paths of an .md5sums (`hash  path`, no first slash) that lie below `directory`."""
    return _below(data, rb"[0-9a-f]{32}  /?", directory)


def _below(data: bytes, start: bytes, directory: str) -> list[str]:
    if len(data) > MAX_LIST:
        raise Malformed(f"list of {len(data)} bytes")
    place = re.escape(directory.strip("/").encode())
    rows = re.findall(rb"^" + start + place + rb"/([^\n]{1,4096})$", data, re.MULTILINE)
    return [row.decode("utf-8", "replace") for row in rows]


def owner_of(path: str) -> tuple[str, str | None]:
    """Package and architecture that a list of files is of, by its name.

    `libc6:amd64.list`, `bash.list`, `bash.md5sums`; the architecture is None when not said.
    """
    package, _, arch = path.rpartition("/")[2].rpartition(".")[0].partition(":")
    return package, arch or None


def package_of(path: str) -> str:
    """The package that a list of files is of."""
    return owner_of(path)[0]


class Diversion(NamedTuple):
    """Files that packages other than `by` ship as `path` lie at `to` instead (dpkg-divert(1))."""

    path: str
    to: str
    by: str


def diversions(data: bytes) -> list[Diversion]:
    """The diversions of an image. `by` is ":" for one made by the administrator.

    Those with anything but absolute paths are left out.
    """
    if len(data) > MAX_STATUS:
        raise Malformed(f"diversions of {len(data)} bytes")
    if data.count(b"\n") > 3 * MAX_DIVERSIONS:
        raise Malformed(f"more than {MAX_DIVERSIONS} diversions")
    lines = data.decode("utf-8", "replace").split("\n")
    triples = zip(lines[0::3], lines[1::3], lines[2::3], strict=False)
    found = (Diversion(*triple) for triple in triples)
    return [one for one in found if _is_path(one.path) and _is_path(one.to)]


def _is_path(text: str) -> bool:
    return text.startswith("/") and "\0" not in text


def aliases(links: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    """Top directories that are links, by what (directory, text of the link or None) pairs say."""
    return {
        path: "/" + target.strip("/")
        for path, target in links
        if target and target.strip("/").startswith("usr/") and ".." not in target
    }


def canonical(path: str, merged: Mapping[str, str]) -> str:
    """The one name of a path where /usr is merged: `/lib/x` is `/usr/lib/x`."""
    top, slash, rest = path[1:].partition("/")
    place = merged.get("/" + top)
    return f"{place}/{rest}" if place and slash else path
