"""Which package an assembly belongs to: by its framework's path, a manifest, or its own words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sensor.model import purl
from sensor.resolvers.dotnet.assemblies import MAX_TEXT
from sensor.resolvers.dotnet.manifests import base, place
from sensor.resolvers.dotnet.reasons import Reason
from sensor.resolvers.dotnet.sightings import BUNDLED, COPIED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sensor.formats.depsjson import File, Library
    from sensor.resolvers.dotnet.assemblies import Identity
    from sensor.resolvers.dotnet.manifests import Folder, Folders, Manifest
    from sensor.resolvers.dotnet.sightings import Sighting

# What a name and a version of NuGet can be (NuGet.Client, PackageIdValidator, NuGetVersion).
_NAME = re.compile(r"\w+(?:[.-]\w+)*", re.ASCII)
_VERSION = re.compile(r"\d+(?:\.\d+){0,3}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?", re.ASCII)
# Where the host keeps frameworks (dotnet/runtime, docs/design/features/multilevel-sharedfx-lookup).
_FRAMEWORK = re.compile(
    r"(?P<folder>.*/shared/(?P<name>[\w.]{1,100})/(?P<version>\d[\w.+-]{1,60}))/[^/]+", re.ASCII
)
# Each has a manifest of its name in its folder; of these the name is enough.
FRAMEWORKS = ("Microsoft.NETCore.App", "Microsoft.AspNetCore.App", "Microsoft.AspNetCore.All")
# A framework that an application brings along: runtimepack.Microsoft.NETCore.App.Runtime.linux-x64
_RUNTIME_PACK = re.compile(r"(?:runtimepack\.)?(?P<name>[\w.]+?)(?:\.Runtime\.[\w.-]+)?", re.ASCII)
# "12.0.3+7c3d", "5.3.0 built by …": a version, and behind it what a build adds.
_PRODUCT = re.compile(r"(\d+(?:\.\d+){1,3})(-[0-9A-Za-z][0-9A-Za-z.-]*)?(?=[+\s]|$)", re.ASCII)
_PARTS = 3
MANIFEST, FRAMEWORK, ASSEMBLY, COMPILER = "deps.json", "framework", "assembly", "compiler"


class Named(NamedTuple):
    """A package: how it is named, and by what (`identity`); `inferred` is the version, or nothing.

    `path` and `detail` say where that is written.
    """

    name: str
    version: str | None
    identity: str
    path: str
    detail: str
    inferred: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


class Joiner:
    """Names the assemblies of one process. `gaps` are reasons with particulars."""

    def __init__(self, folders: Folders, loaded: Iterable[str]) -> None:
        """`loaded` are the names, in lower case, of all assemblies that are loaded."""
        self._folders = folders
        self._loaded = frozenset(loaded)
        self.gaps: list[tuple[Reason, str]] = []

    def name(self, sighting: Sighting, identity: Identity) -> Named | None:
        """The package of a sighted file; None when it is of none: the own code of a program."""
        framework = self.framework(sighting.path)
        if framework:
            return framework
        rows = self._rows(sighting, identity)
        if identity.problem:
            self.gaps.append((Reason.ASSEMBLY, f"{_where(sighting)}: {identity.problem}"))
            return _of_rows([(m, f) for m, f in rows if f.library.kind != "project"], known=False)
        if not identity.name or any(file.library.kind == "project" for _, file in rows):
            return None
        fitting = [(manifest, file) for manifest, file in rows if fits(file, identity)]
        if rows and not fitting:
            self.gaps.append((Reason.MISFIT, f"{_where(sighting)}: {_told(identity)}"))
            names = {file.library.name for _, file in rows}
            return by_metadata(sighting, identity, names.pop() if len(names) == 1 else "")
        return self._fitting(sighting, identity, fitting)

    def framework(self, path: str) -> Named | None:
        """The framework that a file belongs to by its path: code or library."""
        match = _FRAMEWORK.fullmatch(path)
        if not match or not _VERSION.fullmatch(match["version"]):
            return None
        name, version, folder = match["name"], match["version"], match["folder"]
        manifests = [m for m in self._folders.at(folder).manifests if m.name == name]
        if not manifests and name not in FRAMEWORKS:
            return None
        packs = {file.library for m in manifests for file in m.files.get(place(path), ())}
        aliases = tuple(
            purl.nuget(pack.name, pack.version)
            for pack in sorted(packs)
            if pack.version == version and pack.name != name
        )
        return Named(name, version, FRAMEWORK, folder, f"{name} {version}", aliases=aliases)

    def native(self, path: str) -> Named | None:
        """The package that brought a library, if a manifest of its folder says so."""
        folder = self._folders.of(path)
        rows = [(m, f) for m in folder.manifests for f in m.files.get(place(path), ())]
        return _of_rows(rows, known=True)

    def _fitting(
        self, sighting: Sighting, identity: Identity, rows: Sequence[tuple[Manifest, File]]
    ) -> Named | None:
        libraries = {file.library for _, file in rows}
        if self._is_own(sighting):
            return None
        if not libraries or all(library.kind.startswith("reference") for library in libraries):
            return by_metadata(sighting, identity)
        if len({library[:2] for library in libraries}) > 1:
            told = sorted(f"{library.name}/{library.version}" for library in libraries)
            self.gaps.append((Reason.AMBIGUOUS, f"{_where(sighting)}: {', '.join(told[:5])}"))
        return _of_rows(rows, known=True) or by_metadata(sighting, identity)

    def _rows(self, sighting: Sighting, identity: Identity) -> list[tuple[Manifest, File]]:
        """What manifests say of a file: the one of its folder, else any that has its very place."""
        if sighting.how == COPIED:
            name = f"{identity.name.lower()}.dll"
            return [(m, f) for m in self._folders.all for f in m.files.get(name, ())]
        if sighting.how == BUNDLED and sighting.entry:
            where = place(f"/{sighting.entry.path}")
            return self._best(self._folders.at(""), where, sighting.entry.path)
        where = place(sighting.path)
        rows = self._best(self._folders.of(sighting.path), where, sighting.path)
        return rows or [
            (manifest, file)
            for manifest in self._folders.all
            for file in manifest.files.get(where, ())
            if sighting.path.lower().endswith(_in_store(file))
        ]

    def _best(self, folder: Folder, where: str, path: str) -> list[tuple[Manifest, File]]:
        """The rows of the manifests of applications that run, else of all; the very path if any."""
        every = [(m, f) for m in folder.manifests for f in m.files.get(where, ())]
        rows = [(m, f) for m, f in every if m.name.lower() in self._loaded] or every
        exact = [(m, f) for m, f in rows if "/" in f.path and path.lower().endswith(_end(f.path))]
        return exact or rows

    def _is_own(self, sighting: Sighting) -> bool:
        """Whether it is a program: the SDK writes a configuration of its name beside it."""
        if sighting.how in {COPIED, BUNDLED}:
            return False
        name = sighting.path.rpartition("/")[2].rpartition(".")[0].lower()
        return name in self._folders.at(base(sighting.path)).programs


def fits(file: File, identity: Identity) -> bool:
    """Whether a file is the one that the manifest was written for, as far as both say."""
    if file.assembly and file.assembly != identity.version:
        return False
    return not file.file or not identity.file or file.file == identity.file


def by_metadata(sighting: Sighting, identity: Identity, name: str = "") -> Named | None:
    """The package by an assembly's own words; `name` where a manifest tells that much."""
    name = name or identity.name.removesuffix(".resources" if identity.culture else "")
    if not _NAME.fullmatch(name) or len(name) >= MAX_TEXT:
        return None
    version = product_version(identity.product)
    inferred = ("version",) if version else ()
    return Named(name, version, ASSEMBLY, sighting.path, _told(identity), inferred)


def product_version(text: str) -> str | None:
    """The version of a package as NuGet writes it, out of a product version; None if it is none."""
    match = _PRODUCT.match(text)
    if not match:
        return None
    numbers = [str(int(number)) for number in match[1].split(".")]
    numbers += ["0"] * (_PARTS - len(numbers))
    if len(numbers) > _PARTS and numbers[_PARTS] == "0":
        del numbers[_PARTS]
    return ".".join(numbers) + (match[2] or "")


def _of_rows(rows: Sequence[tuple[Manifest, File]], *, known: bool) -> Named | None:
    """The one package of these rows; without a version if they differ or it is not `known`."""
    libraries = {file.library[:2]: (manifest, file.library) for manifest, file in rows}
    if len({name for name, _ in libraries}) != 1:
        return None
    manifest, library = next(iter(libraries.values()))
    detail = f"{library.name}/{library.version}"
    version = library.version if known and len(libraries) == 1 else None
    if not _NAME.fullmatch(library.name) or not _VERSION.fullmatch(library.version):
        return None
    if library.kind == "runtimepack":
        return _runtime_pack(library, version, manifest.path, detail)
    if library.kind in {"project", "reference", "referenceassembly"}:
        return None
    return Named(library.name, version, MANIFEST, manifest.path, detail)


def _runtime_pack(library: Library, version: str | None, path: str, detail: str) -> Named:
    match = _RUNTIME_PACK.fullmatch(library.name)
    pack = library.name.removeprefix("runtimepack.")
    name = match["name"] if match else pack
    aliases = (purl.nuget(pack, version),) if version and pack != name else ()
    return Named(name, version, MANIFEST, path, detail, aliases=aliases)


def _in_store(file: File) -> str:
    """The end of the path that a file has in a folder of NuGet packages."""
    return _end(f"{file.library.name}/{file.library.version}/{file.path}")


def _end(path: str) -> str:
    return f"/{path.lower()}"


def _where(sighting: Sighting) -> str:
    return sighting.path or sighting.detail


def _told(identity: Identity) -> str:
    parts = (identity.name, identity.version, identity.file, identity.product[:100])
    return " ".join(part for part in parts if part)
