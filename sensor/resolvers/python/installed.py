"""One installed distribution, out of its .dist-info or .egg-info: who it is, which files it owns.

Formats by pip, setuptools and conda: PEP 376, 427, 610, 627; setuptools' egg-info as directory, as
one flat file (distutils, Debian), and EGG-INFO inside an egg.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from sensor.errors import FileRefused, Malformed
from sensor.formats import pymetadata, pyrecord
from sensor.resolvers.python.units import cut

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sensor.model.finding import Plain
    from sensor.resolvers.python.folder import Folder

# Prefixes of source trees in SOURCES.txt.
_LAYOUTS = ("src/", "lib/")
_FILES = {".dist-info": ("RECORD", "METADATA"), ".egg-info": ("installed-files.txt", "PKG-INFO")}


class _Files(NamedTuple):
    """A list of files by its name; `direct` says that a direct_url.json is among them."""

    how: str
    sizes: dict[str, int | None]
    direct: bool = False


@dataclass(slots=True)
class Dist:
    """A distribution in one import root.

    `info` is the entry that describes it, `how` the list that names its files ("RECORD",
    "SOURCES.txt", "top_level.txt", "name"). `units` are parts it owns alone as far as it says;
    `tops` are import names, where there is no list of files. `project` is the directory of an
    editable install, `sources` the search-path entries of one that has no top_level.txt.
    """

    name: str
    version: str | None
    info: str
    how: str
    units: list[str] = field(default_factory=list)
    tops: list[str] = field(default_factory=list)
    project: str | None = None
    sources: list[str] = field(default_factory=list)

    def plain(self) -> dict[str, Plain]:
        """As JSON: only what is set."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name))}

    def described(self) -> Plain:
        """As JSON without its files: what an index keeps, which has the files of all."""
        left_out = ("units",) if self.project else ("units", "tops")
        every = {name: getattr(self, name) for name in self.__slots__ if name not in left_out}
        return {name: value for name, value in every.items() if value}

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Dist:
        """Back from JSON."""
        return cls(**{"version": None, **data})


def infos(names: Sequence[str]) -> list[str]:
    """The entries of an import root that describe distributions; `~` marks pip's left-overs."""
    return [
        name
        for name in names
        if (name.endswith(tuple(_FILES)) and not name.startswith("~")) or name == "EGG-INFO"
    ]


def keys(info: str) -> list[str]:
    """The files that stand for a description: when they are the same, so is it."""
    ending = ".dist-info" if info.endswith(".dist-info") else ".egg-info"
    return [f"{info}/{name}" for name in _FILES[ending]] + [info]


def read_dist(folder: Folder, info: str) -> Dist:
    """Read one distribution. Raises Malformed and FileRefused."""
    name, version = _identity(folder, info)
    dist = Dist(name, version, info, "name", tops=[pymetadata.import_name(name)])
    files = _listed(folder, info)
    if files is not None:
        dist.how, dist.units, dist.tops = files.how, cut(files.sizes), []
    elif tops := _tops(folder, info):
        dist.how, dist.tops = "top_level.txt", tops
    if files is not None and files.direct:
        _add_project(folder, dist)
    return dist


def owned_files(folder: Folder, dist: Dist) -> dict[str, int | None]:
    """The full list of a distribution's importable files, with sizes where recorded."""
    files = _listed(folder, dist.info)
    return {} if files is None else files.sizes


def _identity(folder: Folder, info: str) -> tuple[str, str | None]:
    names = ("METADATA",) if info.endswith(".dist-info") else ("PKG-INFO",)
    for path in (*(f"{info}/{name}" for name in names), info):
        head = _head(folder, path)
        if head is not None:
            found = pymetadata.identity(head)
            return found.name, found.version
    raise Malformed("no metadata")


def _head(folder: Folder, path: str) -> bytes | None:
    try:
        head = folder.read(path, pyrecord.MAX_BYTES, pymetadata.HEAD_BYTES)
        if head is not None and not pymetadata.is_whole(head):
            head = folder.read(path, pyrecord.MAX_BYTES, pymetadata.MAX_HEAD_BYTES)
    except FileRefused:
        # A flat .egg-info has nothing below it, and a .dist-info is no file.
        return None
    return head


def _listed(folder: Folder, info: str) -> _Files | None:
    """Which list of files there is, and what it says; None when there is none."""
    if info.endswith(".dist-info"):
        data = folder.read(f"{info}/RECORD", pyrecord.MAX_BYTES)
        if data is None:
            return None
        return _Files("RECORD", pyrecord.record(data), b"direct_url.json" in data)
    data = _maybe(folder, f"{info}/installed-files.txt")
    if data is not None:
        rows = pyrecord.installed_files(data, info)
        return _Files("installed-files.txt", dict.fromkeys(rows))
    data = _maybe(folder, f"{info}/SOURCES.txt")
    paths = _sources(folder, info, data) if data is not None else None
    return _Files("SOURCES.txt", dict.fromkeys(paths)) if paths else None


def _sources(folder: Folder, info: str, data: bytes) -> list[str]:
    """Files of the source tree that lie below top-level names: not setup.py and tests."""
    tops = frozenset(_tops(folder, info) or ())
    found = []
    for path in pyrecord.sources(data):
        layout = next((prefix for prefix in _LAYOUTS if path.startswith(prefix)), "")
        inner = path[len(layout) :]
        if inner.partition("/")[0].partition(".")[0] in tops:
            found.append(inner)
    return found


def _tops(folder: Folder, info: str) -> list[str] | None:
    data = _maybe(folder, f"{info}/top_level.txt")
    return None if data is None else pyrecord.top_level(data)


def _add_project(folder: Folder, dist: Dist) -> None:
    """Where an editable install has its modules (PEP 610, PEP 660)."""
    data = folder.read(f"{dist.info}/direct_url.json", pymetadata.MAX_SMALL_BYTES)
    dist.project = None if data is None else pymetadata.editable_project(data)
    if dist.project is None:
        return
    dist.tops = _tops(folder, dist.info) or []
    record = folder.read(f"{dist.info}/RECORD", pyrecord.MAX_BYTES) or b""
    for name in pyrecord.path_files(record):
        data = folder.read(name, pymetadata.MAX_SMALL_BYTES)
        dist.sources += [] if data is None else pymetadata.pth_directories(data)


def _maybe(folder: Folder, path: str) -> bytes | None:
    """A file of an egg-info, which can be a file itself: then nothing is below it."""
    try:
        return folder.read(path, pyrecord.MAX_BYTES)
    except FileRefused:
        return None
