"""The dependency manifest NAME.deps.json of a .NET application: which package brought which file.

What the host reads of it (dotnet/runtime, src/native/corehost/deps_format.cpp and
docs/design/features/host-probing.md): the target for this runtime, its libraries, and the files of
each as code, native code, files for one platform, and translations. What a library depends on is
not kept: only files can be loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from sensor.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterator

# The largest seen has 150 KB, 193 libraries and 181 files; 5,000 files take 70 ms to read.
MAX_BYTES = 1 << 20
MAX_FILES = 5_000
# NuGet allows 100 characters in a name, 64 in a version.
MAX_TEXT = 200
MAX_PATH = 1024
# A file of this name stands for "no file is needed here" in NuGet packages.
EMPTY = "_._"
_KINDS = ("runtime", "native", "runtimeTargets", "resources")
_BOM = b"\xef\xbb\xbf"


class Library(NamedTuple):
    """One library: `kind` is "package", "project", "runtimepack", "reference" or rarer ones."""

    name: str
    version: str
    kind: str


class File(NamedTuple):
    """A file of a library, by its path in the package, which can have folders.

    `assembly` and `file` are the versions that the file had at build, four numbers; "" where not
    said. `culture` is that of a translation.
    """

    path: str
    library: Library
    assembly: str
    file: str
    culture: str

    @property
    def place(self) -> str:
        """Its path below the application, in lower case: the name, behind the culture if any."""
        name = self.path.rpartition("/")[2].lower()
        return f"{self.culture.lower()}/{name}" if self.culture else name


def files(data: bytes) -> tuple[File, ...]:
    """All files of all libraries, in order. Raises Malformed."""
    if len(data) > MAX_BYTES:
        raise Malformed(f"{len(data)} bytes, more than {MAX_BYTES}")
    try:
        document = orjson.loads(data.removeprefix(_BOM))
    except orjson.JSONDecodeError as error:
        raise Malformed(f"no JSON: {error}") from error
    found = []
    for file in _files(_object(document)):
        found.append(file)
        if len(found) > MAX_FILES:
            raise Malformed(f"more than {MAX_FILES} files")
    return tuple(found)


def _files(document: dict[str, Any]) -> Iterator[File]:
    libraries = _object(document.get("libraries"))
    for full, content in _target(document).items():
        name, _, version = full.partition("/")
        kind = _text(_object(libraries.get(full)).get("type"))
        if name and len(name) <= MAX_TEXT and len(version) <= MAX_TEXT:
            yield from _of_library(Library(name, version, kind), _object(content))


def _target(document: dict[str, Any]) -> dict[str, Any]:
    """The libraries of the target that is run; of the only one, when none is named."""
    targets = _object(document.get("targets"))
    named = document.get("runtimeTarget")
    name = named.get("name") if isinstance(named, dict) else named
    if name is None and len(targets) == 1:
        return _object(next(iter(targets.values())))
    return _object(targets.get(_text(name)))


def _of_library(library: Library, content: dict[str, Any]) -> Iterator[File]:
    for kind in _KINDS:
        for path, about in _object(content.get(kind)).items():
            if len(path) <= MAX_PATH and not path.endswith(f"/{EMPTY}"):
                fields = _object(about)
                culture = _text(fields.get("locale")) if kind == "resources" else ""
                assembly, file = (
                    _text(fields.get("assemblyVersion")),
                    _text(fields.get("fileVersion")),
                )
                yield File(path, library, assembly, file, culture)


def _object(value: object) -> dict[str, Any]:
    """The value, if it is an object, or none at all."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Malformed("not the form of a dependency manifest")
    return value


def _text(value: object) -> str:
    """Text of a bounded length; all else says nothing."""
    return value if isinstance(value, str) and len(value) <= MAX_TEXT else ""
