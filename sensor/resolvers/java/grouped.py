"""Files that are called after group and artifact: where the one ends and the other begins. Pure.

Maven puts JARs into an EAR as GROUP-ARTIFACT-VERSION (maven-ear-plugin 3, fileNameMapping). But
javax.servlet-api is an artifact: a name is cut only where the artifact says again what the group
says, or where the archive calls itself so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# The last part of a group has no hyphen, nor the first word of an artifact a dot.
_DOTTED: Final = re.compile(r"([A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*)*\.[A-Za-z]\w*)-(\w.*)")
_TWICE: Final = re.compile(r"(.+)-\1")
_BETWEEN: Final = re.compile(r"[._-]")
_SCALA: Final = re.compile(r"_(?:2\.\d+|3)\Z")


def split(name: str, manifest: Mapping[str, str]) -> tuple[str | None, str]:
    """Group and artifact of a file's name without its version (of 200 characters at most).

    No group when the name has none.
    """
    symbolic = manifest.get("bundle-symbolicname", "").partition(";")[0].strip()
    if name in {symbolic, manifest.get("automatic-module-name", "")}:
        return None, name
    if twice := _TWICE.fullmatch(name):
        return twice[1], twice[1]
    dotted = _DOTTED.fullmatch(name)
    if dotted is None:
        return None, name
    group, artifact = dotted.groups()
    named = {manifest.get("implementation-title", ""), symbolic.removeprefix(f"{group}.")}
    if _says_again(group, artifact) or _SCALA.sub("", artifact) in named:
        return group, artifact
    return None, name


def _says_again(group: str, artifact: str) -> bool:
    """org.json4s-json4s-core, gnu.getopt-java-getopt."""
    words = _BETWEEN.split(artifact.lower())
    return not set(words).isdisjoint(_BETWEEN.split(group.lower()))
