"""The JDK itself: one package, and which of its modules hold which packages.

The name is the one that SBOM scanners give to it (Syft, parse_jvm_release.go): oracle/openjdk
for every build of OpenJDK, whoever made it, and their own names for Zulu and for Oracle's JDK.
The version is the one of the `release` file beside `lib` (OpenJDK, make/ReleaseFile.gmk); builds of
8 say less there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from sensor.errors import FileMissing, FileRefused, Malformed
from sensor.formats import jar, jimage
from sensor.formats.source import whole
from sensor.model.finding import Depth, Evidence, Package, State
from sensor.model.purl import generic
from sensor.model.telling import few
from sensor.resolvers.java.words import RUNTIME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sensor.host.seam import Cache, File, Files
    from sensor.model.finding import Plain

IMAGE: Final = "java.image.1"
RELEASE: Final = "java.release.1"
# The release file has some 20 lines; MODULES is the longest, 2 KB.
MAX_RELEASE: Final = 64 << 10
# By what its version is known; Debian's 8 has no release file, and its JVM tells.
RELEASE_FILE: Final = "release file"
JVM: Final = "java.version"
# What is no version is not told: a JVM's memory can hold anything.
_TOLD: Final = re.compile(r"\d[\w.+-]{0,100}", re.ASCII)
# JDK 8 (sun.boot.class.path): below lib of the JRE, and what javac and the tools are in.
BOOT_JARS: Final = (
    *("rt.jar", "jsse.jar", "jce.jar", "charsets.jar", "jfr.jar", "resources.jar"),
    *("sunrsasign.jar", "management-agent.jar"),
)
EXTENSIONS: Final = "ext"
MAX_EXTENSIONS: Final = 50
# Modules named in the detail of evidence.
MAX_NAMED: Final = 12


class Home(NamedTuple):
    """Where a JDK is, and the version that the JVM itself tells ("1.8.0_392"; empty: none)."""

    path: str
    version: str


class Jdk(NamedTuple):
    """Modules by package ("java/util" → "java.base"), or why they are not known."""

    packages: Mapping[str, str]
    problem: str = ""


def read(files: Files, home: str, cache: Cache, due: Callable[[], bool]) -> Jdk | None:
    """The modules of a JDK; None when time is up before they are known."""
    try:
        return Jdk(_image(files, f"{home}/lib/modules", cache))
    except FileMissing:
        return _jars(files, home, cache, due)
    except (FileRefused, Malformed) as error:
        return Jdk({}, str(error))


def package(
    files: Files, home: Home, cache: Cache, modules: Mapping[str, int], at: float
) -> Package:
    """The JDK as a package: it runs, so it is in use. `modules` counts loaded classes."""
    release = _release(files, home.path, cache)
    version, by = _version(release), RELEASE_FILE
    if version is None:
        version, by = (home.version, JVM) if _TOLD.fullmatch(home.version) else (None, "")
    group, name = _names(release, home.path)
    used = sorted(modules, key=lambda module: (-modules[module], module))
    counted = f"{sum(modules.values())} classes of {few(used, MAX_NAMED)}" if used else ""
    return Package(
        generic(group, name, version),
        name,
        version,
        RUNTIME,
        State.LOADED,
        Depth.INITIALIZED,
        (Evidence("class", "memory", f"{home.path}/lib", counted or "its JVM runs", at),),
        identity=by,
    )


def _image(files: Files, path: str, cache: Cache) -> dict[str, str]:
    with files.open(path) as file:
        known = cast("dict[str, str] | None", cache.get(IMAGE, file.id))
        if known is None:
            known = {name: " ".join(sorted(held)) for name, held in jimage.modules(file).items()}
            cache.put(IMAGE, file.id, cast("Plain", known))
    return _by_package(known)


def _jars(files: Files, home: str, cache: Cache, due: Callable[[], bool]) -> Jdk | None:
    """JDK 8: the packages of its JARs, each of them taken for a module."""
    packages: dict[str, str] = {}
    for path in _paths(files, home):
        try:
            with files.open(path) as file:
                if cache.get(IMAGE, file.id) is None and due():
                    return None
                packages |= _by_package({path.rpartition("/")[2]: _jar(file, cache)})
        except FileMissing:
            continue
        except (FileRefused, Malformed) as error:
            return Jdk(packages, str(error))
    return Jdk(packages, "" if packages else f"{home}: no lib/modules and no rt.jar")


def _paths(files: Files, home: str) -> list[str]:
    found = []
    for lib in (f"{home}/jre/lib", f"{home}/lib"):
        found += [f"{lib}/{name}" for name in BOOT_JARS]
        try:
            names = files.list_dir(f"{lib}/{EXTENSIONS}")[1]
        except FileRefused:
            continue
        found += [f"{lib}/{EXTENSIONS}/{n}" for n in names if n.endswith(".jar")][:MAX_EXTENSIONS]
    return [*found, f"{home}/lib/tools.jar"]


def _jar(file: File, cache: Cache) -> str:
    known = cast("dict[str, str] | None", cache.get(IMAGE, file.id))
    if known is None:
        names = jar.contents(file).classes
        packages = {name.rpartition(b"/")[0] for name in names} - {b""}
        known = {"": b" ".join(sorted(packages)).decode(errors="replace")}
        cache.put(IMAGE, file.id, cast("Plain", known))
    return known[""]


def _by_package(modules: Mapping[str, str]) -> dict[str, str]:
    return {package: module for module, held in modules.items() for package in held.split(" ")}


def _release(files: Files, home: str, cache: Cache) -> dict[str, str]:
    """The lines of the release file; nothing when there is none."""
    try:
        with files.open(f"{home}/release") as file:
            known = cast("dict[str, Any] | None", cache.get(RELEASE, file.id))
            if known is None:
                known = _lines(whole(file, MAX_RELEASE))
                cache.put(RELEASE, file.id, cast("Plain", known))
    except (FileRefused, Malformed):
        return {}
    return known


def _lines(data: bytes) -> dict[str, str]:
    pairs = (line.partition("=") for line in data.decode("utf-8", "replace").splitlines())
    wanted = ("JAVA_VERSION", "JAVA_RUNTIME_VERSION", "FULL_VERSION", "IMPLEMENTOR", "IMAGE_TYPE")
    return {name: value.strip().strip('"')[:200] for name, _, value in pairs if name in wanted}


def _version(release: Mapping[str, str]) -> str | None:
    for name in ("JAVA_RUNTIME_VERSION", "FULL_VERSION", "JAVA_VERSION"):
        if release.get(name):
            return release[name]
    return None


def _names(release: Mapping[str, str], home: str) -> tuple[str, str]:
    maker = release.get("IMPLEMENTOR", "").lower()
    if "azul" in maker or "zulu" in home:
        return "azul", "zulu"
    if "oracle" in maker:
        return "oracle", "jre" if "jre" in release.get("IMAGE_TYPE", "").lower() else "jdk"
    return "oracle", "openjdk"
