"""Further artifacts inside an archive (shaded): which package proves that one of them is in use.

Strict on purpose. A package proves a part only when its path is that of the part's group and name,
the archive has classes below it, and no other part of the archive could claim it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

# Group, artifact, version, and the package that proves it or "".
Pom = list[str]
_WORDS = re.compile(r"[-_.]")


def with_prefixes(poms: Iterable[list[str]], packages: Container[str]) -> list[Pom]:
    """The poms of an archive, each with the package that only it can have.

    `packages` are those that a class of the archive lies in or below.
    """
    listed = [list(pom) for pom in {tuple(pom): None for pom in poms}]
    if len(listed) == 1:
        return [[*listed[0], ""]]
    claims = [[path for path in _paths(*pom[:2]) if path in packages] for pom in listed]
    return [[*pom, _own(number, claims)] for number, pom in enumerate(listed)]


def _paths(group: str, artifact: str) -> list[str]:
    """Packages that classes of an artifact would have: longest first.

    org.apache.commons:commons-lang3 → org/apache/commons/lang3; io.netty:netty-buffer →
    io/netty/buffer; com.fasterxml.jackson.core:jackson-databind → com/fasterxml/jackson/databind.
    """
    above = group.split(".")
    words = [word for word in _WORDS.split(artifact) if word]
    own = [word for word in words if word not in above]
    tails = {"/".join(words), "".join(words), "/".join(own), "".join(own), artifact}
    found = {"/".join([*above, tail]) for tail in tails if tail}
    if len(above) > 2:  # noqa: PLR2004 - a group of two words is as short as one may be
        found |= {"/".join([*above[:-1], tail]) for tail in tails if tail}
    if words and above[-1] == words[-1]:
        found.add("/".join(above))
    return sorted(found, key=lambda path: (-len(path), path))


def _own(number: int, claims: list[list[str]]) -> str:
    """The first claim that no other part's claim lies above, below or at."""
    others = [path for place, paths in enumerate(claims) if place != number for path in paths]
    for path in claims[number]:
        if not any(_overlap(path, other) for other in others):
            return path
    return ""


def _overlap(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")
