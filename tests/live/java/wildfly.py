"""WildFly, started as its own script starts it, with applications whose servlets were called.

The EAR is that of `server/`: three WARs, a JAR of beans, a folder of libraries. Two WARs have one
library in two versions, the third has none of its own. What is deployed has the name of its file,
by which the server tells where a class is from.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import urllib.request
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from tests.live.java.shelf import OWN_VERSION, Artifact, Shelf, sha1

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.live.java.paths import Words

# Of bin/common.sh and bin/standalone.conf: what a JVM with modules wants.
OPENED = ("java.lang", "java.lang.invoke", "java.lang.reflect", "java.io", "java.net", "java.util")
OPTIONS = (
    "-Xmx512m",
    "-XX:TieredStopAtLevel=1",
    "-Djava.net.preferIPv4Stack=true",
    "-Djboss.modules.system.pkgs=org.jboss.byteman",
    "-Djava.awt.headless=true",
    "--add-exports=java.desktop/sun.awt=ALL-UNNAMED",
    *(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in OPENED),
)
# Each port is a free one, which the server tells.
PORTS = ("http", "https", "ajp", "management.http", "management.https")
LISTENS = re.compile(r"WFLYUT0006: Undertow HTTP listener default listening on (\S+:\d+)")
# The last word of a start in which nothing failed, and of one in which something did.
STARTED, FAILED = "WFLYSRV0025", "WFLYSRV0026"
# A row of the list of licences: group, artifact, version.
LISTED = re.compile(
    r"<groupId>(.*?)</groupId>\s*<artifactId>(.*?)</artifactId>\s*<version>(.*?)</version>"
)
# What is deployed.
EAR = f"ear-{OWN_VERSION}.ear"
WAR = f"second-{OWN_VERSION}.war"
BEANS = f"beans-{OWN_VERSION}.jar"
# As the settings tell what the management has deployed, at their end.
DEPLOYED = """<deployments><deployment name="{name}" runtime-name="{name}">
  <content sha1="{digest}"/></deployment></deployments>"""
END = "</server>"


class ServerShelf(Shelf):
    """The component of `tests/fetch/wildfly.py`."""

    @property
    def home(self) -> Path:
        """The server."""
        (home,) = self.folder.glob("opt/wildfly-*")
        return home

    def jars(self) -> list[Path]:
        """All that were fetched, those of the server too."""
        return super().jars() + sorted(self._named)

    def fetched(self, jar: Path) -> Artifact:
        """What a JAR is by the list of the server's makers, or by where it lies."""
        return self._named.get(jar) or super().fetched(jar)

    @cached_property
    def _named(self) -> dict[Path, Artifact]:
        """The server's JARs as its makers list them with their licences."""
        listed = self.home / "docs" / "licenses" / "licenses.xml"
        found = [Artifact(*row) for row in LISTED.findall(listed.read_text())]
        # JBoss Modules itself lies there without its version.
        names = {one.name: one for one in found if one.name == "jboss-modules"}
        names |= {f"{one.name}-{one.version}": one for one in found}
        jars = self.home.rglob("*.jar")
        return {jar: names[jar.stem] for jar in jars if jar.stem in names}


def ear(shelf: ServerShelf, folder: Path, log: str) -> AbstractContextManager[int]:
    """With the EAR in the folder that the server looks into."""
    scanned(shelf, prepared(shelf, folder), EAR)
    return running(shelf, folder, log, {"first": "[1, 2][]2", "second": "Text", "third": "[]2"})


def alone(shelf: ServerShelf, folder: Path, log: str) -> AbstractContextManager[int]:
    """With a WAR in that folder, and a JAR of beans as the server's management keeps it."""
    scanned(shelf, prepared(shelf, folder), WAR)
    managed(shelf, folder, BEANS)
    return running(shelf, folder, log, {f"second-{OWN_VERSION}": "Text"})


def scanned(shelf: ServerShelf, base: Path, name: str) -> None:
    """Put an application where the server finds it."""
    (base / "deployments").mkdir()
    shutil.copy(shelf.folder / "jars" / name, base / "deployments")


def managed(shelf: ServerShelf, base: Path, name: str) -> None:
    """Put an application where the server keeps what it is given, and write that down as it does.

    There it has no name but the SHA-1 of its content.
    """
    digest = sha1(shelf.folder / "jars" / name)
    place = base / "data" / "content" / digest[:2] / digest[2:]
    place.mkdir(parents=True)
    shutil.copy(shelf.folder / "jars" / name, place / "content")
    settings = base / "configuration" / "standalone.xml"
    text = settings.read_text()
    assert text.endswith(END)
    settings.write_text(text.removesuffix(END) + DEPLOYED.format(name=name, digest=digest) + END)


def prepared(shelf: ServerShelf, folder: Path) -> Path:
    """The folder, which becomes the server's own, with its settings."""
    shutil.copytree(shelf.home / "standalone" / "configuration", folder / "configuration")
    return folder


@contextmanager
def running(
    shelf: ServerShelf, folder: Path, log: str, answers: Mapping[str, str]
) -> Iterator[int]:
    """Start the server, call each servlet once, give the pid; it ends with the block.

    What it loads is in `log` (-Xlog:class+load) in the folder. `answers` are what the servlet of
    each application says.
    """
    with subprocess.Popen(
        ["java", f"-Xlog:class+load:file={folder / log}", *_words(shelf.home, folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        cwd=folder,
        text=True,
    ) as popen:
        try:
            assert popen.stdout is not None
            address = _address(popen.stdout)
            for name, answer in answers.items():
                with urllib.request.urlopen(f"http://{address}/{name}/", timeout=60) as page:
                    assert page.read().decode().strip() == answer
            yield popen.pid
        finally:
            popen.kill()


def _words(home: Path, base: Path) -> Words:
    """The command line of bin/standalone.sh, after `java`."""
    return [
        "-D[Standalone]",
        *OPTIONS,
        f"-Dorg.jboss.boot.log.file={base}/log/server.log",
        f"-Dlogging.configuration=file:{base}/configuration/logging.properties",
        *("-jar", f"{home}/jboss-modules.jar", "-mp", f"{home}/modules"),
        *("org.jboss.as.standalone", f"-Djboss.home.dir={home}"),
        f"-Djboss.server.base.dir={base}",
        *(f"-Djboss.{name}.port=0" for name in PORTS),
    ]


def _address(lines: Iterable[str]) -> str:
    """Where the started server listens, by what it says."""
    told, address = [""], ""
    for line in lines:
        told.append(line)
        if found := LISTENS.search(line):
            address = found[1]
        if STARTED in line or FAILED in line:
            break
    assert STARTED in told[-1], "".join(told)
    assert address, "".join(told)
    return address
