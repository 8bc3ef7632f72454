"""The JARs of a component: where they lie, and what each is by Maven's own word.

The truth of a JAR is its SHA-1: every copy of it, renamed, nested in another one or put into a
cache by a framework, is the artifact that Maven fetched. Nothing here knows how the product does.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

# Group and version of what our own projects make (programs/pom.xml).
OWN_GROUP = "example.test"
OWN_VERSION = "1.2.3"


class Artifact(NamedTuple):
    """What Maven calls group, artifact and version."""

    group: str
    name: str
    version: str


class Shelf:
    """One component of `tests/fetch/javaapps.py`."""

    def __init__(self, folder: Path) -> None:
        """Use the folder as the fetcher has filled it."""
        self.folder = folder
        self.repository = folder / "repository"

    def jar(self, name: str) -> Path:
        """A JAR that was fetched, by "group:artifact" or "group:artifact:version"."""
        group, artifact, version = [*name.split(":"), "*"][:3]
        (jar,) = self.repository.glob(f"{group.replace('.', '/')}/{artifact}/{version}/*.jar")
        return jar

    def jars(self) -> list[Path]:
        """All that were fetched, sorted."""
        return sorted(self.repository.rglob("*.jar"))

    def own(self, name: str) -> Path:
        """A JAR that a project of ours made."""
        return self.folder / "jars" / f"{name}-{OWN_VERSION}.jar"

    @cached_property
    def truth(self) -> dict[str, Artifact]:
        """Artifact by SHA-1 (hex)."""
        known = {sha1(jar): self.fetched(jar) for jar in self.jars()}
        for jar in self.folder.glob(f"*/*-{OWN_VERSION}*.?ar"):
            name = jar.name.partition(f"-{OWN_VERSION}")[0]
            known[sha1(jar)] = Artifact(OWN_GROUP, name, OWN_VERSION)
        for jar in self.folder.glob("tomcat/*/*/*.jar"):
            # Most of them are fetched JARs under another name; these few no repository has, and
            # their makers say no version of them.
            known.setdefault(sha1(jar), Artifact("", jar.stem, ""))
        return known

    def fetched(self, jar: Path) -> Artifact:
        """What a JAR of `jars` is, by where it lies."""
        *group, name, version, _ = jar.relative_to(self.repository).parts
        return Artifact(".".join(group), name, version)


def sha1(jar: Path | bytes) -> str:
    """The SHA-1 of a file or of bytes, in hex: by which Maven's repositories identify JARs."""
    data = jar if isinstance(jar, bytes) else jar.read_bytes()
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
