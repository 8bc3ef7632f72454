"""Who owns a path, by what was read of the lists of dpkg of one image (`reading`).

Kept in the cache are the paths that can be of code, packed: 25 KB for a machine with 800 packages,
some KB for a container's image.
"""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sensor.formats import dpkg, dpkgcode
from sensor.formats.osrelease import Release
from sensor.formats.pathtext import to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# Between the paths of two packages; no path is empty.
_BORDER: Final = b"\n\n"


class Owner(NamedTuple):
    """A package, and the list that says so. The version is None when status does not have it."""

    name: str
    version: str | None
    arch: str
    by: str


@dataclass(frozen=True, slots=True)
class Owners:
    """The answer of a finished reading; `value` is as the cache holds it.

    `lists` are rows of `Owner` and `rows` their paths, `merged` the links of a merged /usr, `odd`
    the paths without a mark of code that were looked for too, `gaps` (reason, detail) pairs.
    """

    value: Mapping[str, Any]

    @property
    def empty(self) -> bool:
        """Whether no package of the image has anything that could be mapped."""
        return not self.value["lists"]

    @property
    def release(self) -> Release:
        """Whose packages these are."""
        return Release(*self.value["release"])

    @property
    def gaps(self) -> Sequence[Sequence[str]]:
        """(reason, detail) of what could not be read."""
        gaps: list[list[str]] = self.value["gaps"]
        return gaps

    def of(self, paths: Iterable[str]) -> dict[str, list[Owner]]:
        """The packages that own each path; paths that nobody owns are left out."""
        data = b"\n%b\n" % _inflated(self.value["rows"])
        rows = self.value["lists"]
        numbers = {path: _paragraphs_with(self._name(path), data) for path in paths}
        return {
            path: [Owner(*rows[one]) for one in found] for path, found in numbers.items() if found
        }

    def unasked(self, paths: Iterable[str]) -> set[str]:
        """Those of the paths that were not looked for, since they have no mark of code."""
        asked = {self._name(path) for path in self.value["odd"]}
        names = {path: self._name(path) for path in paths}
        return {p for p, n in names.items() if not dpkgcode.expected(n) and n not in asked}

    def _name(self, path: str) -> bytes:
        return to_bytes(dpkg.canonical(path, self.value["merged"]))


def packed(paragraphs: Iterable[Iterable[bytes]]) -> str:
    """The paths of some packages as one short text."""
    data = _BORDER.join(b"\n".join(sorted(paths)) for paths in paragraphs)
    return b64encode(zlib.compress(data, 1)).decode()


def unpacked(text: str) -> list[set[bytes]]:
    """Back from `packed`."""
    data = _inflated(text)
    return [set(paragraph.split(b"\n")) for paragraph in data.split(_BORDER)] if data else []


def _inflated(text: str) -> bytes:
    return zlib.decompress(b64decode(text))


def _paragraphs_with(line: bytes, data: bytes) -> list[int]:
    """The numbers of the paragraphs that have this line. No line is looked at: that is faster.

    A path may hold a newline, and then is no line: dpkg owns none such.
    """
    found: list[int] = []
    if not line or b"\n" in line:
        return found
    at = data.find(b"\n%b\n" % line)
    while at >= 0:
        found.append(data.count(_BORDER, 0, at + 1))
        at = data.find(b"\n%b\n" % line, at + 1)
    return found
