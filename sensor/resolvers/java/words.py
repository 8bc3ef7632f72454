"""What the memory of a JVM says, in the words of this folder: class loaders and their classes.

The walk makes them, the join turns them into packages. No reading here.
"""

from __future__ import annotations

from typing import NamedTuple

# How facts name this runtime.
RUNTIME = "java"
# The kind of the loader whose oop is null: it loads the JDK's own modules (or rt.jar).
BOOT = ""
# The kind of a loader whose class could not be read: then only its classes tell what it is.
UNREADABLE = "?"


class Klass(NamedTuple):
    """One class: its `name` in internal form ("java/util/Map$Entry").

    `initialized` says that its static initialiser has run: stronger than being loaded, which a
    verifier, a signature or an AOT cache can cause.
    """

    name: str
    initialized: bool


class Loader(NamedTuple):
    """One class loader and the classes that it defined, arrays left out.

    `address` is that of its ClassLoaderData: it tells loaders of one process apart, in one look.
    `kind` is the class of the loader object in internal form, BOOT or UNREADABLE. `hidden` counts
    classes without a file of their own (lambdas, proxies' spinners): they belong to nobody.
    """

    address: int
    kind: str
    classes: tuple[Klass, ...]
    hidden: int = 0


class Machine(NamedTuple):
    """What a JVM says of itself; texts that cannot be read are empty.

    `release` is that of the JVM ("17.0.15+6-Debian-1deb12u1"); `version` and `home` are of its Java
    runtime ("17.0.15", "/usr/lib/jvm/java-17-openjdk-amd64"). `class_path` is what it was started
    with, cut at 1,024 characters: a last resort. `began` is when it was started, in milliseconds
    since the epoch. The last four are empty or 0 without -XX:+UsePerfData.
    """

    release: str = ""
    version: str = ""
    home: str = ""
    class_path: str = ""
    began: int = 0
