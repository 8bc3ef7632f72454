"""Real Java programs, each with the command that starts it. They print READY and wait.

A program takes the shelf of JARs and a folder of its own, and gives the words after `java`.
"""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.live.java.shelf import Shelf

    Words = list[str]
    Program = Callable[[Shelf, Path], Words]

# What a program of class path JARs touches; a "-" loads and does not initialise.
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
    "org.apache.commons:commons-lang3",
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
    "org.slf4j:slf4j-api": "org.slf4j.LoggerFactory",
}
# Both have a class of this name.
SAME = "-org.apache.commons.logging.LogFactory"
FIRST, SECOND = "commons-logging:commons-logging", "org.slf4j:jcl-over-slf4j"
SLF4J = "2.0.16"
# What the oracle wants is a module, too, and is not there unless it is asked for.
ADDED = "ALL-MODULE-PATH,java.instrument,jdk.unsupported"


def joined(shelf: Shelf, *names: str) -> str:
    """A class path: our own `uses`, then these."""
    jars = [shelf.jar(name, SLF4J if name == "org.slf4j:slf4j-api" else "*") for name in names]
    return ":".join(map(str, [shelf.own("uses"), *jars]))


def plain(shelf: Shelf, _folder: Path) -> Words:
    """A class path of JARs with Maven's metadata."""
    return ["-cp", joined(shelf, *PLAIN), "shop.Uses", *TOUCHED]


def gradle(shelf: Shelf, _folder: Path) -> Words:
    """JARs without Maven's metadata; nobody touches lz4's classes but to load one."""
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


def modules(shelf: Shelf, _folder: Path) -> Words:
    """A module path: named modules and automatic ones, by the application loader."""
    words = ["--module-path", joined(shelf, *PLAIN), "--add-modules", ADDED]
    return [*words, "-m", "uses/shop.Uses", *TOUCHED]


def boot(shelf: Shelf, _folder: Path) -> Words:
    """Spring Boot's fat JAR with its own loader."""
    return ["-jar", str(shelf.folder / "boot" / "boot-1.2.3.jar"), "--spring.main.banner-mode=off"]


def shade(shelf: Shelf, _folder: Path) -> Words:
    """One JAR of several artifacts, one of them relocated."""
    return ["-jar", str(shelf.folder / "shade" / "shade-1.2.3.jar")]


def tomcat(shelf: Shelf, folder: Path) -> Words:
    """A WAR in Tomcat, on a free port of this machine."""
    (home,) = shelf.folder.glob("tomcat/apache-tomcat-*")
    for name in ("temp", "work", "logs", "webapps"):
        (folder / name).mkdir()
    shutil.copytree(home / "conf", folder / "conf")
    shutil.copy(shelf.folder / "war" / "war-1.2.3.war", folder / "webapps" / "shop.war")
    server = folder / "conf" / "server.xml"
    text = server.read_text().replace('port="8005"', 'port="-1"')
    server.write_text(text.replace('port="8080"', 'port="0" address="127.0.0.1"'))
    class_path = f"{home}/bin/bootstrap.jar:{home}/bin/tomcat-juli.jar"
    settings = {"catalina.home": home, "catalina.base": folder, "java.io.tmpdir": folder / "temp"}
    options = [f"-D{name}={value}" for name, value in settings.items()]
    return [*options, "-cp", class_path, "org.apache.catalina.startup.Bootstrap", "start"]


MODULE = """<module xmlns="urn:jboss:module:1.9" name="{name}">{main}
  <resources><resource-root path="{jar}"/></resources>
  <dependencies>{needs}<module name="java.se"/></dependencies>
</module>"""


def jboss(shelf: Shelf, folder: Path) -> Words:
    """JBoss Modules: a folder for each module; commons-codec is there and wired, and not used."""
    names = {name.partition(":")[2]: shelf.jar(name) for name in PLAIN[:4]}
    needs = "".join(f'<module name="{name}"/>' for name in names)
    main = '<main-class name="shop.Uses"/>'
    module(folder, "uses", shelf.own("uses"), needs, main)
    for name, jar in names.items():
        module(folder, name, jar, '<module name="failureaccess"/>' if name == "guava" else "")
    launcher = shelf.jar("org.jboss.modules:jboss-modules")
    words = ["-jar", str(launcher), "-mp", str(folder / "modules"), "uses"]
    return [*words, *TOUCHED[:2]]


def module(folder: Path, name: str, jar: Path, needs: str, main: str = "") -> None:
    """One module in the layout that JBoss Modules looks for."""
    place = folder / "modules" / name / "main"
    place.mkdir(parents=True)
    shutil.copy(jar, place)
    text = MODULE.format(name=name, jar=jar.name, needs=needs, main=main)
    (place / "module.xml").write_text(text)


def osgi(shelf: Shelf, folder: Path) -> Words:
    """Felix: bundles are copied into its cache, where they all have the same name."""
    bundles = folder / "bundles"
    bundles.mkdir()
    names = (*PLAIN[2:4], "com.fasterxml.jackson.core:jackson-core")
    for jar in (shelf.own("osgi"), *map(shelf.jar, names)):
        shutil.copy(jar, bundles)
    settings = {
        "felix.auto.deploy.dir": bundles,
        "felix.auto.deploy.action": "install,start",
        "org.osgi.framework.storage": folder / "cache",
    }
    text = "".join(f"{name}={value}\n" for name, value in settings.items())
    (folder / "config.properties").write_text(text)
    options = [f"-Dfelix.config.properties=file:{folder}/config.properties"]
    return [*options, "-jar", str(shelf.jar("org.apache.felix:org.apache.felix.main"))]


def agent(shelf: Shelf, folder: Path) -> Words:
    """An agent with a library on the boot append path and one on its own class path."""
    own = shutil.copy(shelf.own("agent"), folder / "agent.jar")
    shutil.copy(shelf.jar("commons-codec:commons-codec"), folder / "boot.jar")
    shutil.copy(shelf.jar("org.apache.commons:commons-lang3"), folder / "beside.jar")
    guava = joined(shelf, *PLAIN[:2])
    return [f"-javaagent:{own}", "-cp", guava, "shop.Uses", TOUCHED[0]]


def shared(shelf: Shelf, folder: Path) -> Words:
    """Classes out of an archive that an earlier run has made (AppCDS): no JAR is opened."""
    archive = folder / "app.jsa"
    words = plain(shelf, folder)
    first = ["java", f"-XX:ArchiveClassesAtExit={archive}", *words]
    subprocess.run(first, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return [f"-XX:SharedArchiveFile={archive}", "-Xshare:on", *words]


def collector(name: str) -> Program:
    """The plain program with another garbage collector."""

    def program(shelf: Shelf, folder: Path) -> Words:
        return [f"-XX:+Use{name}GC", *plain(shelf, folder)]

    return program


PROGRAMS: dict[str, Program] = {
    "plain": plain,
    "gradle": gradle,
    "twice": twice,
    "twice, turned": twice_turned,
    "environment": environment,
    "modules": modules,
    "boot": boot,
    "shade": shade,
    "tomcat": tomcat,
    "jboss": jboss,
    "osgi": osgi,
    "agent": agent,
    "shared": shared,
    "Z": collector("Z"),
    "Parallel": collector("Parallel"),
}
# Options of every program: small, and no more of the machine than it needs.
OPTIONS = ("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


@contextmanager
def started(
    words: Words, folder: Path, variables: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Start `java` with the words and wait until it is READY; its pid. It ends with the block."""
    options = [] if any(word.endswith("GC") for word in words) else OPTIONS[2:]
    log = folder / "log"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            ["java", *OPTIONS[:2], *options, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=None if variables is None else dict(variables),
            cwd=folder,
            text=True,
        ) as popen,
    ):
        try:
            assert popen.stdout is not None
            ready = any(line == "READY\n" for line in popen.stdout)
            assert ready, log.read_text()
            yield popen.pid
        finally:
            popen.kill()
