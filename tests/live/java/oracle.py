"""What a JVM says of itself, asked after the sensor has looked: `programs/oracle` is attached.

Of each class its code source, which the class loader itself gave it: by that the JAR is known, and
by the JAR's SHA-1 the artifact. A class that its JAR does not hold was generated while the program
ran and borrowed the code source; it proves nothing.
"""

from __future__ import annotations

import io
import re
import subprocess
import zipfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from tests.live.java.shelf import sha1

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.live.java.shelf import Artifact, Shelf

# Folders in a JAR or WAR in which a loader looks for classes.
ROOTS = re.compile(r"^(BOOT-INF/classes/|WEB-INF/classes/|META-INF/versions/\d+/)")
# Spring Boot's way to write a JAR in a JAR, and Tomcat's for one in a WAR.
NESTED = re.compile(r"(jar:nested:|war:file:)(?P<outer>.*?)(/!|\*/)(?P<inner>.*?)(!/)?")
# WildFly's way to write what it was given, here with the folder that has the same under its name.
MOUNTED = re.compile(r"vfs:(?P<outer>/.*?\.[ejw]ar)(?P<inner>(?:/.*)?)")
DEPLOYED = "vfs:/content/"
# Ends of archives in such a way: what follows lies in them.
STEP = re.compile(r"(?<=\.[jw]ar)/")
PLAIN = re.compile(r"(?:jar:)?(?:reference:)?file:/*(?P<path>/[^!]*)(?:!/.*)?")

LOGGED = re.compile(r"^\[[^]]*\].* (\S+) source: (.*)$", re.MULTILINE)


class Row(NamedTuple):
    """One class as the JVM told it: see `programs/oracle`."""

    name: str
    loader: str
    source: str
    state: str


class Archive(NamedTuple):
    """A JAR that was read: its SHA-1, the names of the classes in it, and the JARs in it."""

    sha1: str
    classes: frozenset[str]
    inside: tuple[Archive, ...] = ()


def ask(
    pid: int, agent: Path, answer: Path, root: Path = Path("/"), deployed: Path = Path("/")
) -> list[Row]:
    """Every class of a process that the test started, by attaching our JAR `oracle` to it.

    Paths are as the process sees them, whose root is at `root`. What an application server was
    given lies in `deployed`.
    """
    command = ["jcmd", str(pid), "JVMTI.agent_load", str(agent), str(answer)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "return code: 0" in done.stdout, done.stdout
    *rows, end = root.joinpath(answer.relative_to("/")).read_text().splitlines()
    assert end == "END"
    here = f"file:{root}/" if root != Path("/") else "file:/"
    rows = [line.replace("file:/", here).replace(DEPLOYED, f"vfs:{deployed}/") for line in rows]
    return [Row(*line.split("\t")) for line in rows]


def logged(log: Path, deployed: Path = Path("/")) -> dict[str, set[str]]:
    """What the JVM wrote when it loaded classes (-Xlog:class+load): sources by class name."""
    found: dict[str, set[str]] = {}
    for name, source in LOGGED.findall(log.read_text()):
        found.setdefault(name, set()).add(source.replace(DEPLOYED, f"vfs:{deployed}/"))
    return found


def proofs(rows: Iterable[Row]) -> Iterator[tuple[Row, Archive]]:
    """Each class that a JAR holds, with that JAR; our own agent is none of the program's.

    An OSGi framework says the bundle where the class is of a JAR in the bundle.
    """
    for row in rows:
        archive = None if row.name.startswith("oracle.") else archive_of(row.source)
        for one in (archive, *archive.inside) if archive else ():
            if row.name in one.classes:
                yield row, one


def artifacts(rows: Iterable[Row], shelf: Shelf) -> dict[Artifact, str]:
    """Each artifact with a class in the rows, and the stronger of "loaded", "initialized"."""
    found: dict[Artifact, str] = {}
    for row, archive in proofs(rows):
        artifact = shelf.truth[archive.sha1]
        if row.state == "initialized" or artifact not in found:
            found[artifact] = row.state
    return found


def archive_of(source: str) -> Archive | None:
    """The JAR of a code source; None for folders, for the JDK's own modules and for none."""
    if nested := NESTED.fullmatch(source):
        return inner(unquote(nested["outer"]), nested["inner"])
    if mounted := MOUNTED.fullmatch(source):
        return below(mounted["outer"], *STEP.split(mounted["inner"].removeprefix("/")))
    plain = PLAIN.fullmatch(source)
    if plain is None:
        assert source == "" or source.startswith("jrt:/"), source
        return None
    path = plain["path"]
    if path.endswith("/WEB-INF/classes/"):
        # What Tomcat unpacked out of a WAR that lies beside the folder.
        path = path.removesuffix("/WEB-INF/classes/") + ".war"
    return read(Path(unquote(path))) if Path(unquote(path)).is_file() else None


@cache
def inner(outer: str, name: str) -> Archive:
    """An archive that lies in another one, or the other one itself for its own classes."""
    if name.endswith("/"):
        return read(Path(outer))
    with zipfile.ZipFile(outer) as archive:
        return listed(archive.read(name))


@cache
def below(outer: str, *way: str) -> Archive:
    """An archive that lies in another one, perhaps in one in it; of folders of a WAR, the WAR."""
    data = Path(outer).read_bytes()
    for name in way:
        if name not in {"", "WEB-INF/classes"}:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                data = archive.read(name)
    return listed(data)


@cache
def read(path: Path) -> Archive:
    """An archive in a file."""
    return listed(path.read_bytes())


def listed(data: bytes) -> Archive:
    """The classes in the bytes of an archive, under the names that a loader gives them."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = {ROOTS.sub("", name) for name in archive.namelist()}
        inside = [archive.read(name) for name in archive.namelist() if name.endswith(".jar")]
    found = (name.removesuffix(".class") for name in names if name.endswith(".class"))
    classes = frozenset(name.replace("/", ".") for name in found)
    return Archive(sha1(data), classes, tuple(map(listed, inside)))
