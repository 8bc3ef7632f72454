"""Programs that put their JARs where few do: names with groups or blanks, lists in files, embedded.

Each is a function of the shelf and of a folder of its own that gives the words after `java`.
"""

from __future__ import annotations

import shutil
import zipfile
from typing import TYPE_CHECKING

from tests.live.java.frameworks import osgi
from tests.live.java.paths import GRADLE, PLAIN, TOUCHED, Words, archived, copied, joined
from tests.live.java.shelf import sha1

if TYPE_CHECKING:
    from pathlib import Path

    from tests.live.java.shelf import Shelf

# Longer than what a JVM tells of its class path (1,024 bytes).
LONG = "a-folder-with-a-name-that-is-much-longer-than-anybody-would-like-to-read-or-to-write-down"


def group_in_name(shelf: Shelf, folder: Path) -> Words:
    """JARs called GROUP.ARTIFACT-VERSION.jar, as Quarkus has them in lib/main."""
    (folder / "lib").mkdir()
    found = [shelf.own("uses")]
    for name in (*GRADLE, *PLAIN):
        jar = shelf.jar(name)
        found.append(folder / "lib" / f"{name.split(':')[0]}.{jar.name}")
        shutil.copy(jar, found[-1])
    return ["-cp", ":".join(map(str, found)), "shop.Uses", *GRADLE.values(), *TOUCHED]


def list_in_file(shelf: Shelf, folder: Path) -> Words:
    """The class path alone is in a file, as Jib's images have it, and it is a long one."""
    jars = [shelf.own("uses"), *copied(shelf, PLAIN, folder / LONG)]
    (folder / "classpath").write_text(":".join(map(str, jars)))
    return ["-cp", f"@{folder}/classpath", "shop.Uses", *TOUCHED]


def list_in_file_shared(shelf: Shelf, folder: Path) -> Words:
    """The same with an archive of classes: no JAR is opened, and nobody tells the whole path."""
    return archived(list_in_file(shelf, folder), folder)


def blanks(shelf: Shelf, folder: Path) -> Words:
    """Blanks, signs that URLs write otherwise, and letters beyond ASCII."""
    jars = copied(shelf, PLAIN, folder / "Program Files +%20 ä")
    return ["-cp", ":".join(map(str, [shelf.own("uses"), *jars])), "shop.Uses", *TOUCHED]


def boot_append(shelf: Shelf, _folder: Path) -> Words:
    """A JAR for the boot loader by an option, without an agent."""
    words = ["-cp", joined(shelf, *PLAIN[:2]), "shop.Uses", *TOUCHED[:2]]
    return [f"-Xbootclasspath/a:{shelf.jar(PLAIN[3])}", *words]


def transformed(shelf: Shelf, folder: Path) -> Words:
    """JaCoCo, which changes each class of the application when it is loaded."""
    options = f"destfile={folder}/jacoco.exec"
    words = ["-cp", joined(shelf, *PLAIN), "shop.Uses", *TOUCHED]
    return [f"-javaagent:{shelf.jar('org.jacoco:org.jacoco.agent')}={options}", *words]


def embedded(shelf: Shelf, folder: Path) -> Words:
    """An OSGi bundle that carries a library as a JAR of its own."""
    words = osgi(shelf, folder)
    own = folder / "bundles" / shelf.own("osgi").name
    lang3 = folder / "bundles" / shelf.jar(PLAIN[3]).name
    with zipfile.ZipFile(shelf.own("osgi")) as old, zipfile.ZipFile(own, "w") as new:
        for item in old.infolist():
            text = old.read(item)
            if item.filename == "META-INF/MANIFEST.MF":
                text = text.replace(b",org.apache.commons.lang3", b"")
                text = b"Bundle-ClassPath: .,lib/lang3.jar\r\n" + text.lstrip()
            new.writestr(item, text)
        new.write(lang3, "lib/lang3.jar")
    lang3.unlink()
    shelf.truth[sha1(own)] = shelf.truth[sha1(shelf.own("osgi"))]
    return words
