"""Environments of Python in memory, and whole looks at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensor.host.cache import FileCache
from sensor.model.budget import Budget
from sensor.resolvers.python.distributions import Joined, join
from sensor.resolvers.python.modules import Imported, Module
from tests.support.tree import Tree, TreeProcess

if TYPE_CHECKING:
    from collections.abc import Mapping

SITE = "/venv/lib/python3.11/site-packages"


STDLIB = "/usr/lib/python3.11"


def look(
    tree: Tree,
    modules: Mapping[str, str | None],
    cache: FileCache | None = None,
    paths: tuple[str, ...] = (),
    *,
    frozen: str | None = None,
) -> Joined:
    """One whole look, without any limit of time. `frozen` is where a frozen program has all."""
    named = tuple(Module(name, file) for name, file in modules.items())
    imported = Imported(named, "3.11.7", frozen or STDLIB, frozen is not None, paths)
    budget = Budget(tree.meter, seconds=60)
    return join(TreeProcess(tree), imported, cache or FileCache(), budget)


def names(found: Joined) -> dict[str, str | None]:
    """Purl by carrier."""
    return {package.purl: package.inside for package in found.packages}


def wheel(name: str, version: str, *files: str, site: str = SITE) -> dict[str, str | bytes]:
    """An installed distribution with these files."""
    info = f"{site}/{name}-{version}.dist-info"
    found: dict[str, str | bytes] = {f"{site}/{f}": "x" for f in files if not f.startswith("..")}
    return found | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nText",
        f"{info}/RECORD": "".join(f"{file},sha256=x,1\n" for file in files),
    }


def how(found: Joined) -> dict[str, list[str]]:
    """By what each piece of evidence was matched."""
    return {
        package.purl: [item.detail.partition(" by ")[2] for item in package.evidence]
        for package in found.packages
    }


def reasons(found: Joined) -> list[str]:
    return [gap.reason for gap in found.gaps]
