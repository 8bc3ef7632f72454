"""Which package a source of a bundle is from: text as a bundler wrote it, `../node_modules/a/b.js`.

The version is known only where the path says it: in the layouts of pnpm and of yarn's zip files.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sensor.formats.packagejson import named, versioned
from sensor.resolvers.node.places import MODULES

if TYPE_CHECKING:
    from collections.abc import Iterable

# Packages of one bundle; the largest seen has 200.
MAX_PACKAGES = 2_000

# node_modules/.pnpm/@a+b@1.2.3_peer@4.0.0/node_modules/, with "(peer@4.0.0)" since pnpm 8.
_PNPM = re.compile(r"/\.pnpm/([^/]{0,300}?[^/@])@([^/@_(]{1,200})[^/]{0,600}/$")
# .yarn/cache/NAME-npm-1.2.3-0123456789-0123456789.zip/: a "/" of the name is a "-".
_YARN = re.compile(r"/([^/]{1,300})-npm-([^/]{1,200}?)-[0-9a-f]{10}-[0-9a-f]{4,200}\.zip/$")


class Part(NamedTuple):
    """One package in a bundle, and the source that says so. Plain data: a list of these three."""

    name: str
    version: str | None
    source: str


def parts(sources: Iterable[str]) -> list[Part]:
    """The packages of these sources, each with its first source; the application's own is none."""
    found: dict[tuple[str, str], Part] = {}
    for source in sources:
        part = part_of(source)
        if part is not None:
            found.setdefault((part.name, part.version or ""), part)
        if len(found) >= MAX_PACKAGES:
            break
    return [found[key] for key in sorted(found)]


def part_of(source: str) -> Part | None:
    """The package of a source; None when it lies in no node_modules."""
    before, modules, inner = source.partition("?")[0].rpartition(f"{MODULES}/")
    if not modules or (before and not before.endswith("/")):
        return None
    words = inner.split("/", 2)
    name = named("/".join(words[:2]) if inner.startswith("@") else words[0])
    return None if name is None else Part(name, _version(before, name), source)


def _version(before: str, name: str) -> str | None:
    """The version in the folders before the last node_modules, if they are of this package."""
    for pattern, dash in ((_PNPM, "+"), (_YARN, "-")):
        found = pattern.search(f"/{before}")
        if found and found[1] == name.replace("/", dash):
            return versioned(found[2])
    return None
