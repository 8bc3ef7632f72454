"""Made-up JARs, and a Java process that is nothing but its files and what it says of itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from sensor.host.cache import FileCache
from sensor.model.budget import Budget
from sensor.model.process import Arguments, Descriptor, Mapping
from sensor.resolvers.java.artifacts import Joined, packages_of
from sensor.resolvers.java.words import BOOT, Klass, Loader, Machine
from tests.support.jimagemade import image
from tests.support.tree import Tree, TreeProcess, zipped

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingOf
    from collections.abc import Sequence

    from sensor.model.file import FileId
    from sensor.model.finding import Package, Plain

HOME = "/opt/jdk"
# All that a JDK needs to have.
JDK: dict[str, str | bytes] = {f"{HOME}/lib/modules": image()}
APP = "jdk/internal/loader/ClassLoaders$AppClassLoader"
WEB = "org/apache/catalina/loader/ParallelWebappClassLoader"
# A JVM that tells nothing of itself.
UNTOLD = Machine()
# Slices after which a look that is not done never will be.
MAX_SLICES = 1000


def jar(
    *classes: str, pom: str = "", manifest: str = "", more: dict[str, str | bytes] | None = None
) -> bytes:
    """A JAR with these classes; `pom` is "group:artifact:version", several with blanks between."""
    files: dict[str, str | bytes] = {f"{name}.class": name for name in classes}
    if manifest:
        files["META-INF/MANIFEST.MF"] = f"Manifest-Version: 1.0\n{manifest}\n"
    for one in pom.split():
        group, artifact, version = one.split(":")
        text = f"#made\nversion={version}\ngroupId={group}\nartifactId={artifact}\n"
        files[f"META-INF/maven/{group}/{artifact}/pom.properties"] = text
    return zipped(files | (more or {}))


class JavaProcess(TreeProcess):
    """A JVM of HOME; `open_files` are its descriptors, in the order in which they were opened."""

    def __init__(
        self,
        files: MappingOf[str, str | bytes],
        class_path: str = "",
        module_path: str = "",
        open_files: Sequence[str] = (),
    ) -> None:
        super().__init__(Tree({**files, f"{HOME}/release": 'JAVA_VERSION="17.0.1"\n'}))
        self.arguments = Arguments("java", "", class_path, module_path, "/shop")
        self.open_files = list(open_files)
        self.mapped: list[str] = []

    def maps(self) -> Sequence[Mapping]:
        paths = [f"{HOME}/lib/server/libjvm.so", *self.mapped]
        return [Mapping(0, 4096, "r-xp", 0, "8:1", 7 + n, path) for n, path in enumerate(paths)]

    def descriptors(self) -> Sequence[Descriptor]:
        return [Descriptor(4 + number, path) for number, path in enumerate(self.open_files)]

    def working_in(self, directory: str) -> JavaProcess:
        """The same, started somewhere else."""
        self.arguments = replace(self.arguments, directory=directory)
        return self


class JsonCache(FileCache):
    """A cache that keeps what JSON keeps."""

    def put(self, kind: str, file: FileId, value: Plain) -> None:
        super().put(kind, file, orjson.loads(orjson.dumps(value)))


def loader(*classes: str, kind: str = APP, initialized: bool = True, address: int = 1) -> Loader:
    """A loader of these classes."""
    return Loader(address, kind, tuple(Klass(name, initialized) for name in classes))


def boot(*classes: str) -> Loader:
    return loader(*classes, kind=BOOT)


def joined(
    process: JavaProcess,
    *loaders: Loader,
    cache: FileCache | None = None,
    machine: Machine = UNTOLD,
    seconds: float = 60,
    progress: Plain = None,
) -> Joined:
    """The answer after as many slices as it takes, with progress that survives JSON."""
    cache = cache or JsonCache()
    for _ in range(MAX_SLICES):
        budget = Budget(process.meter, seconds=seconds)
        found = packages_of(process, budget, cache, lambda: loaders, progress, machine=machine)
        if not found.more:
            return found
        progress = orjson.loads(orjson.dumps(found.progress))
    raise AssertionError("it never ends")


def purls(found: Joined) -> list[str]:
    """The Maven packages that are loaded, without the type."""
    return [one.purl.removeprefix("pkg:maven/") for one in packages(found) if one.depth]


def packages(found: Joined) -> list[Package]:
    """The Maven packages."""
    return [one for one in found.packages if one.purl.startswith("pkg:maven/")]


def gaps(found: Joined) -> dict[str, list[str]]:
    """Details by reason."""
    told: dict[str, list[str]] = {}
    for gap in found.gaps:
        told.setdefault(gap.reason, []).append(gap.detail)
    return told
