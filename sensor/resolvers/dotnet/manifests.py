"""The dependency manifests (NAME.deps.json) of the folders in which assemblies were seen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, cast

from sensor.errors import FileMissing, FileRefused, Malformed
from sensor.formats import depsjson
from sensor.formats.depsjson import Library
from sensor.formats.netbundle import DEPS
from sensor.formats.source import Part, whole
from sensor.resolvers.dotnet.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sensor.formats.netbundle import Bundle
    from sensor.formats.source import Source
    from sensor.host.seam import Cache, File, Process
    from sensor.model.finding import Plain

CACHE = "dotnet.manifest"
FOLDER_CACHE = "dotnet.folder"
BUNDLE_CACHE = "dotnet.bundlemanifest"
# An application has one folder, and one for each plug-in: ten are many.
MAX_FOLDERS = 64
# Of one folder; a tool with several programs in one folder has five.
MAX_MANIFESTS = 16
# Of all together: a dozen of the largest seen. They take a quarter of a second to read.
MAX_TOTAL = 2 << 20
SUFFIX = ".deps.json"
CONFIG = ".runtimeconfig.json"
# Files for one platform stand in runtimes/RID/lib/FRAMEWORK and runtimes/RID/native of the
# application; translations in a folder of their culture (docs of the SDK: publish layout).
_PLATFORM = re.compile(r"(.*)/runtimes/[^/]+/(?:lib/[^/]+|native)")


class Manifest(NamedTuple):
    """One manifest: where it is, and its files by their place below it."""

    path: str
    files: dict[str, list[depsjson.File]]

    @property
    def name(self) -> str:
        """The application that it belongs to: NAME of NAME.deps.json."""
        return self.path.rpartition("/")[2].removesuffix(SUFFIX)


class Folder(NamedTuple):
    """What one folder tells: its manifests, and the names of the programs that it configures."""

    manifests: tuple[Manifest, ...] = ()
    programs: frozenset[str] = frozenset()


class Folders:
    """The folders of one process, each read once in a look."""

    def __init__(self, process: Process, cache: Cache) -> None:
        """Nothing is read yet."""
        self._process = process
        self._cache = cache
        self._known: dict[str, Folder] = {}
        self._bytes = 0
        self.gaps: dict[Reason, str] = {}

    def of(self, path: str) -> Folder:
        """The folder of the application that a file belongs to, by its place in it."""
        return self.at(base(path))

    def at(self, folder: str) -> Folder:
        """This folder; empty when it cannot be read, or after too many."""
        if folder not in self._known:
            if len(self._known) == MAX_FOLDERS:
                self.gaps[Reason.MANIFEST] = f"more than {MAX_FOLDERS} folders"
                return Folder()
            self._known[folder] = self._read(folder)
        return self._known[folder]

    @property
    def all(self) -> tuple[Manifest, ...]:
        """Every manifest read so far."""
        return tuple(m for folder in self._known.values() for m in folder.manifests)

    def bundled(self, bundle: Bundle) -> None:
        """Take the manifest in the program itself for the one of the folder ""."""
        entry = next((e for e in bundle.entries if e.kind == DEPS and not e.packed), None)
        if entry is None:
            self._known[""] = Folder()
            return
        path = f"{self._process.exe}/{entry.path}"
        try:
            with self._process.files.open(self._process.exe) as file:
                part = Part(file, entry.offset, entry.size)
                plain = self._content(file, part, BUNDLE_CACHE)
        except (FileRefused, Malformed) as error:
            self.gaps[Reason.MANIFEST] = f"{path}: {error}"
            self._known[""] = Folder()
            return
        self._known[""] = Folder((Manifest(path, by_place(_from_plain(plain))),))

    def _read(self, folder: str) -> Folder:
        try:
            names = self._names(folder)
        except FileMissing:
            return Folder()
        except FileRefused as error:
            self.gaps[Reason.MANIFEST] = str(error)
            return Folder()
        found = [name for name in names if name.endswith(SUFFIX)]
        if len(found) > MAX_MANIFESTS:
            self.gaps[Reason.MANIFEST] = f"{folder}: {len(found)}, more than {MAX_MANIFESTS}"
        read = (self._manifest(f"{folder}/{name}") for name in found[:MAX_MANIFESTS])
        programs = {n.removesuffix(CONFIG).lower() for n in names if n.endswith(CONFIG)}
        return Folder(tuple(m for m in read if m), frozenset(programs))

    def _names(self, folder: str) -> list[str]:
        """The names in a folder that tell something."""
        identity = self._process.files.stat_many([folder or "/"])[0]
        known = self._cache.get(FOLDER_CACHE, identity) if identity else None
        if known is not None:
            return cast("list[str]", known)
        identity, names = self._process.files.list_dir(folder or "/")
        told = [name for name in names if name.endswith((SUFFIX, CONFIG))]
        self._cache.put(FOLDER_CACHE, identity, [*told])
        return told

    def _manifest(self, path: str) -> Manifest | None:
        if self._bytes > MAX_TOTAL:
            return None
        try:
            with self._process.files.open(path) as file:
                plain = self._content(file, file, CACHE)
        except (FileRefused, Malformed) as error:
            self.gaps[Reason.MANIFEST] = f"{path}: {error}"
            return None
        return Manifest(path, by_place(_from_plain(plain)))

    def _content(self, file: File, source: Source, kind: str) -> Plain:
        """A manifest out of a file, or out of the cache. Raises Malformed."""
        self._bytes += source.size
        if self._bytes > MAX_TOTAL:
            raise Malformed(f"all manifests together have more than {MAX_TOTAL} bytes")
        plain = self._cache.get(kind, file.id)
        if plain is None:
            plain = _plain(parse(source))
            self._cache.put(kind, file.id, plain)
        return plain


def base(path: str) -> str:
    """The folder of the application to which a file belongs, by its place."""
    folder = path.rpartition("/")[0]
    platform = _PLATFORM.fullmatch(folder)
    if platform:
        return platform[1]
    if path.lower().endswith(".resources.dll"):
        return folder.rpartition("/")[0]
    return folder


def place(path: str) -> str:
    """Where the manifest of that application has the file: its name, behind its culture if any."""
    folder, _, name = path.lower().rpartition("/")
    if name.endswith(".resources.dll"):
        return f"{folder.rpartition('/')[2]}/{name}"
    return name


def parse(source: Source) -> tuple[depsjson.File, ...]:
    """The files of a manifest. Raises Malformed."""
    return depsjson.files(whole(source, depsjson.MAX_BYTES))


def by_place(files: Iterable[depsjson.File]) -> dict[str, list[depsjson.File]]:
    """The files by their place below the application."""
    found: dict[str, list[depsjson.File]] = {}
    for file in files:
        found.setdefault(file.place, []).append(file)
    return found


def _plain(files: Sequence[depsjson.File]) -> Plain:
    """Libraries once each, and files that name them by number."""
    numbers = {library: n for n, library in enumerate(dict.fromkeys(f.library for f in files))}
    rows: list[Plain] = [[f.path, numbers[f.library], f.assembly, f.file, f.culture] for f in files]
    return {"libraries": [[*library] for library in numbers], "files": rows}


def _from_plain(plain: Plain) -> list[depsjson.File]:
    data = cast("dict[str, list[list[str]]]", plain)
    libraries = [Library(*row) for row in data["libraries"]]
    return [
        depsjson.File(path, libraries[cast("int", n)], *rest) for path, n, *rest in data["files"]
    ]
