"""Packages inside bundles: files of the application that webpack, esbuild or others have made.

What a bundle is made of is known where it says so itself, or its source map does: then each package
is named, with its version where the path has it. Else the contents are not known, and that is told.
Bundles that a package publishes are its own code.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from sensor.errors import FileMissing, FileRefused, Malformed
from sensor.formats import jsbundle, sourcemap
from sensor.formats.source import whole
from sensor.model.finding import Depth, Evidence, Package, State
from sensor.model.purl import npm
from sensor.resolvers.node.sources import Part, parts
from sensor.resolvers.node.told import RUNTIME

if TYPE_CHECKING:
    from sensor.host.seam import Cache, Files
    from sensor.model.file import FileId

# Why a package of a bundle is not known to be loaded in some version.
REASON = "bundled"
# Kinds in the cache; values change their meaning with the number.
BUNDLE, MAP = "node-bundle-1", "node-sourcemap-1"

_SUFFIX = re.compile(r"\.[cm]?js$")
# What Next.js and Nitro build, whatever it looks like.
_BUILT = re.compile(r"/\.next/(?:standalone/)?(?:.*/)?server/|/\.output/server/chunks/")


class Contents(NamedTuple):
    """What is known of one bundle. `known` is that it names all that it is made of.

    `maker` is the bundler; `where` is the file that says so: the bundle or its source map.
    """

    known: bool
    maker: str
    where: str
    parts: list[Part]

    def plain(self) -> list[Any]:
        """As JSON has it."""
        return [self.known, self.maker, self.where, [list(part) for part in self.parts]]

    @classmethod
    def from_plain(cls, value: Any) -> Contents:  # noqa: ANN401 - decoded JSON
        """Back out of JSON, where it and its parts are lists."""
        known, maker, where, rows = value
        return cls(known, maker, where, [Part(*row) for row in rows])


def can_be(path: str) -> bool:
    """Whether a file of the application can be a bundle, by its name."""
    return _SUFFIX.search(path) is not None


class Bundles:
    """Reads files of one process; each is read once."""

    def __init__(self, files: Files, cache: Cache) -> None:
        """Read through `files`."""
        self._files, self._cache = files, cache

    def contents(self, path: str) -> Contents | None:
        """What a file is made of, None when it is no bundle: up to 50 ms for a new one of 8 MiB."""
        identity = self._files.stat_many([path])[0]
        if identity is None:
            return None
        maker, map_name, complete, rows = self._bundle(path, identity)
        if not maker:
            return (
                Contents(known=False, maker="built", where=path, parts=[])
                if _BUILT.search(path)
                else None
            )
        if map_name:
            where = f"{path.rpartition('/')[0]}/{map_name}"
            said = self._map(where)
            if said is not None:
                return Contents(True, maker, where, [Part(*row) for row in said])
        return Contents(complete, maker, path, [Part(*row) for row in rows])

    def _bundle(self, path: str, identity: FileId) -> list[Any]:
        """Its maker ("" for none), the name of its source map, whether it names all, its parts."""
        known: Any = self._cache.get(BUNDLE, identity)
        if known is not None:
            return list(known)
        try:
            with self._files.open(path) as file:
                said = _said(whole(file, jsbundle.MAX_BYTES))
                self._cache.put(BUNDLE, file.id, said)
                return said
        except FileRefused:
            return ["", "", False, []]
        except Malformed as error:
            return [str(error), "", False, []]

    def _map(self, path: str) -> Any:  # noqa: ANN401 - rows of plain data
        """Parts by a source map; None when it is not there, or says nothing."""
        identity = self._files.stat_many([path])[0]
        known: Any = None if identity is None else self._cache.get(MAP, identity)
        if identity is None or known is not None:
            return known
        try:
            with self._files.open(path) as file:
                rows = _rows(sourcemap.sources(whole(file, sourcemap.MAX_BYTES)))
                self._cache.put(MAP, file.id, rows)
                return rows
        except (FileMissing, FileRefused, Malformed):
            return None


def _said(data: bytes) -> list[Any]:
    found = jsbundle.parse(data)
    if found is None:
        return ["", "", False, []]
    return [found.maker, found.map, found.complete, _rows(found.sources)]


def _rows(sources: list[str]) -> list[Any]:
    return [list(part) for part in parts(sources)]


def package(part: Part, contents: Contents, inside: str | None, at: float) -> Package:
    """The fact about one package of a bundle; `inside` is the purl of the application."""
    exact = part.version is not None
    kind = "bundle" if contents.where.endswith("js") else "source map"
    return Package(
        purl=npm(part.name, part.version),
        name=part.name,
        version=part.version,
        runtime=RUNTIME,
        state=State.LOADED if exact else State.UNKNOWN,
        depth=Depth.OPENED if exact else None,
        evidence=(Evidence(kind, "file", contents.where, part.source, at),),
        reason=None if exact else REASON,
        inside=inside,
    )
