"""Programs whose JARs stand on a path: class path, module path, manifest, agent, AppCDS.

Each is a function of the shelf and of a folder of its own that gives the words after `java`.
"""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from typing import TYPE_CHECKING

from tests.live.java.shelf import OWN_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.live.java.shelf import Shelf

Words = list[str]
# What a program touches; a "-" loads and does not initialise.
TOUCHED = (
    "com.google.common.collect.ImmutableList",
    "org.apache.commons.lang3.StringUtils",
    "com.fasterxml.jackson.databind.ObjectMapper",
    "-net.bytebuddy.ByteBuddy",
)
# Of these, in this order, the class path is made; of commons-codec no class is touched.
PLAIN = (
    "com.google.guava:guava",
    "com.google.guava:failureaccess",
    "commons-codec:commons-codec",
    "org.apache.commons:commons-lang3:3.17.0",
    "com.fasterxml.jackson.core:jackson-databind",
    "com.fasterxml.jackson.core:jackson-core",
    "com.fasterxml.jackson.core:jackson-annotations",
    "net.bytebuddy:byte-buddy",
)
GRADLE = {
    "org.apache.kafka:kafka-clients": "org.apache.kafka.clients.producer.ProducerConfig",
    "io.zipkin.zipkin2:zipkin": "zipkin2.Span",
    "io.zipkin.brave:brave": "brave.Tracing",
    "com.github.luben:zstd-jni": "-com.github.luben.zstd.Zstd",
    "org.lz4:lz4-java": "-net.jpountz.lz4.LZ4Factory",
    "org.xerial.snappy:snappy-java": "-org.xerial.snappy.Snappy",
    "org.slf4j:slf4j-api:2.0.16": "org.slf4j.LoggerFactory",
}
# Both have a class of this name.
SAME = "-org.apache.commons.logging.LogFactory"
FIRST, SECOND = "commons-logging:commons-logging", "org.slf4j:jcl-over-slf4j"
# What the oracle wants is a module, too, and is not there unless it is asked for.
ADDED = "ALL-MODULE-PATH,java.instrument,jdk.unsupported"


def joined(shelf: Shelf, *names: str) -> str:
    """A class path: our own `uses`, then these."""
    return ":".join(map(str, [shelf.own("uses"), *map(shelf.jar, names)]))


def copied(shelf: Shelf, names: Iterable[str], folder: Path) -> list[Path]:
    """The JARs, in a folder which is made."""
    folder.mkdir()
    return [folder / shutil.copy(shelf.jar(name), folder) for name in names]


def plain(shelf: Shelf, _folder: Path) -> Words:
    """A class path of JARs with Maven's metadata."""
    return ["-cp", joined(shelf, *PLAIN), "shop.Uses", *TOUCHED]


def gradle(shelf: Shelf, _folder: Path) -> Words:
    """JARs without Maven's metadata."""
    return ["-cp", joined(shelf, *GRADLE), "shop.Uses", *GRADLE.values()]


def twice(shelf: Shelf, _folder: Path) -> Words:
    """The same class in two JARs: the first one has it."""
    return ["-cp", joined(shelf, FIRST, SECOND), "shop.Uses", SAME]


def twice_turned(shelf: Shelf, _folder: Path) -> Words:
    """The same, in the other order."""
    return ["-cp", joined(shelf, SECOND, FIRST), "shop.Uses", SAME]


def environment(_shelf: Shelf, _folder: Path) -> Words:
    """The class path is in the environment, which is never read."""
    return ["shop.Uses", *TOUCHED]


def argument_file(shelf: Shelf, folder: Path) -> Words:
    """The class path is in a file that `java` is told to read (JDK 9 and later)."""
    file = folder / "words"
    file.write_text(f'-cp "{joined(shelf, *PLAIN)}"\n')
    return [f"@{file}", "shop.Uses", *TOUCHED]


def wildcard(shelf: Shelf, folder: Path) -> Words:
    """A folder of our own classes, and all JARs of another one, in the order of the folder."""
    copied(shelf, PLAIN, folder / "libs")
    with zipfile.ZipFile(shelf.own("uses")) as archive:
        archive.extractall(folder / "classes")
    return ["-cp", f"{folder}/classes:{folder}/libs/*", "shop.Uses", *TOUCHED]


def manifest(shelf: Shelf, folder: Path) -> Words:
    """One JAR whose manifest names the others, relative to it: Maven's `addClasspath`."""
    copied(shelf, PLAIN, folder / "lib")
    program = shutil.copy(shelf.folder / "jars" / f"uses-{OWN_VERSION}-thin.jar", folder)
    return ["-jar", str(program), *TOUCHED]


def modules(shelf: Shelf, _folder: Path) -> Words:
    """A module path: named modules and automatic ones, by the application loader."""
    words = ["--module-path", joined(shelf, *PLAIN), "--add-modules", ADDED]
    return [*words, "-m", "uses/shop.Uses", *TOUCHED]


def agent(shelf: Shelf, folder: Path) -> Words:
    """An agent with a library on the boot append path and one on its own class path."""
    own = shutil.copy(shelf.own("agent"), folder / "agent.jar")
    shutil.copy(shelf.jar("commons-codec:commons-codec"), folder / "boot.jar")
    shutil.copy(shelf.jar(PLAIN[3]), folder / "beside.jar")
    return [f"-javaagent:{own}", "-cp", joined(shelf, *PLAIN[:2]), "shop.Uses", TOUCHED[0]]


def shared(shelf: Shelf, folder: Path) -> Words:
    """Classes out of an archive that an earlier run has made (AppCDS): no JAR is opened."""
    return archived(plain(shelf, folder), folder)


def archived(words: Words, folder: Path) -> Words:
    """Run the program to its end, which makes an archive of its classes, and then with that."""
    archive = folder / "app.jsa"
    first = ["java", f"-XX:ArchiveClassesAtExit={archive}", *words]
    subprocess.run(first, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return [f"-XX:SharedArchiveFile={archive}", "-Xshare:on", *words]


def z_collector(shelf: Shelf, folder: Path) -> Words:
    """The plain program, its heap by ZGC."""
    return ["-XX:+UseZGC", *plain(shelf, folder)]


def parallel_collector(shelf: Shelf, folder: Path) -> Words:
    """The plain program, its heap by the parallel collector."""
    return ["-XX:+UseParallelGC", *plain(shelf, folder)]


# Spark asks for these when it is not started by its own script (its launcher's JavaModuleOptions).
OPENED = (
    *("java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.nio"),
    *("java.util", "java.util.concurrent", "java.util.concurrent.atomic", "jdk.internal.ref"),
    *("sun.nio.ch", "sun.nio.cs", "sun.security.action", "sun.util.calendar"),
)


def spark(shelf: Shelf, folder: Path) -> Words:
    """Spark, local: some 240 JARs in a folder of links, all of it on the class path."""
    jars = folder / "jars"
    jars.mkdir()
    for jar in (*shelf.jars(), shelf.own("spark")):
        (jars / jar.name).symlink_to(jar)
    opened = [f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in OPENED]
    return [*opened, "-Xmx1g", "-cp", f"{jars}/*", "shop.Spark", str(folder / "work")]
