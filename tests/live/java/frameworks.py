"""Programs with class loaders of their own: Spring Boot, Tomcat, JBoss Modules, Felix; shading.

Each is a function of the shelf and of a folder of its own that gives the words after `java`.
"""

from __future__ import annotations

import shutil
import zipfile
from typing import TYPE_CHECKING

from tests.live.java.paths import PLAIN, TOUCHED, Words
from tests.live.java.shelf import OWN_VERSION

if TYPE_CHECKING:
    from pathlib import Path

    from tests.live.java.shelf import Shelf

QUIET = "--spring.main.banner-mode=off"
OLDER = "org.apache.commons:commons-lang3:3.14.0"
NEWER = PLAIN[3]


def made(shelf: Shelf, name: str) -> Path:
    """What a project of ours made beside its own JAR: "boot/boot.jar" and the like."""
    stem, _, suffix = name.partition(".")
    return shelf.folder / f"{stem}-{OWN_VERSION}.{suffix}"


def shade(shelf: Shelf, _folder: Path) -> Words:
    """One JAR of several artifacts, one of them relocated."""
    return ["-jar", str(made(shelf, "shade/shade.jar"))]


def boot(shelf: Shelf, _folder: Path) -> Words:
    """Spring Boot's fat JAR with its own loader."""
    return ["-jar", str(made(shelf, "boot/boot.jar")), QUIET]


def boot_unpacked(shelf: Shelf, folder: Path) -> Words:
    """The same, unpacked as images in layers are, started by the launcher's class."""
    with zipfile.ZipFile(made(shelf, "boot/boot.jar")) as archive:
        archive.extractall(folder / "app")
    return ["-cp", str(folder / "app"), "org.springframework.boot.loader.launch.JarLauncher", QUIET]


def tomcat(shelf: Shelf, folder: Path) -> Words:
    """A WAR in Tomcat, which unpacks it; on a free port of this machine."""
    words = base(shelf, folder)
    shutil.copy(made(shelf, "war/war.war"), folder / "webapps" / "shop.war")
    return words


def tomcat_packed(shelf: Shelf, folder: Path) -> Words:
    """The same, and the WAR stays packed: Tomcat reads its JARs out of it."""
    words = tomcat(shelf, folder)
    change(folder / "conf" / "server.xml", 'unpackWARs="true"', 'unpackWARs="false"')
    return words


def tomcat_two(shelf: Shelf, folder: Path) -> Words:
    """Two applications with the same library in two versions, by a loader each."""
    words = base(shelf, folder)
    for name, version in (("one", NEWER), ("two", OLDER)):
        with zipfile.ZipFile(made(shelf, "war/war.war")) as archive:
            archive.extractall(folder / "webapps" / name)
        library = folder / "webapps" / name / "WEB-INF" / "lib"
        (library / shelf.jar(NEWER).name).unlink()
        shutil.copy(shelf.jar(version), library)
    return words


def base(shelf: Shelf, folder: Path) -> Words:
    """A Tomcat without applications."""
    (home,) = shelf.folder.glob("tomcat/apache-tomcat-*")
    for name in ("temp", "work", "logs", "webapps"):
        (folder / name).mkdir()
    shutil.copytree(home / "conf", folder / "conf")
    settle(folder / "conf")
    class_path = f"{home}/bin/bootstrap.jar:{home}/bin/tomcat-juli.jar"
    settings = {"catalina.home": home, "catalina.base": folder, "java.io.tmpdir": folder / "temp"}
    options = [f"-D{name}={value}" for name, value in settings.items()]
    return [*options, "-cp", class_path, "org.apache.catalina.startup.Bootstrap", "start"]


def settle(conf: Path) -> None:
    """Make Tomcat's settings those of a test: a free port, quick, and nothing happens later."""
    server = conf / "server.xml"
    change(server, 'port="8005"', 'port="-1"')
    change(server, '<Connector port="8080"', '<Connector port="0" address="127.0.0.1"')
    # Without it a packed WAR takes 20 s to start: its JARs are inflated again and again.
    change(conf / "catalina.properties", "jarsToSkip=\\", "jarsToSkip=*.jar,\\")
    # Not two at a time, and each as it will be: READY of the last is READY of all.
    change(server, 'autoDeploy="true"', 'autoDeploy="false"')


def change(file: Path, old: str, new: str) -> None:
    """Change one place of a text."""
    text = file.read_text()
    assert text.count(old) == 1, old
    file.write_text(text.replace(old, new))


MODULE = """<module xmlns="urn:jboss:module:1.9" name="{name}">{main}
  <resources><resource-root path="{jar}"/></resources>
  <dependencies>{needs}<module name="java.se"/></dependencies>
</module>"""


def jboss(shelf: Shelf, folder: Path) -> Words:
    """JBoss Modules: a folder for each module; commons-codec is there and wired, and not used."""
    names = {name.split(":")[1]: shelf.jar(name) for name in PLAIN[:4]}
    needs = "".join(f'<module name="{name}"/>' for name in names)
    module(folder, "uses", shelf.own("uses"), needs, '<main-class name="shop.Uses"/>')
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
