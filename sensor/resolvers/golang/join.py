"""Which module each linked package belongs to. Text in, text out; nothing is looked up."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensor.resolvers.golang import stdlib

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensor.formats.gobuildinfo import BuildInfo, Module

MAIN = "main"
# golang.org/x/mod/module, CheckPath and CheckImportPath, in short: what a module path can be.
_PATH = re.compile(r"[\w.~+-]+(?:/[\w.~+-]+)*", re.ASCII)


@dataclass(slots=True)
class Joined:
    """Linked packages by owner, as paths relative to it ("" for its root).

    `strays` are import paths of no listed module, `refused` the module paths that cannot be.
    """

    modules: dict[Module, set[str]] = field(default_factory=dict)
    std: set[str] = field(default_factory=set)
    strays: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)


def join(info: BuildInfo, packages: Iterable[str]) -> Joined:
    """Give each package to the module with the longest path that begins its own."""
    joined = Joined()
    by_path: dict[str, Module] = {}
    for module in (*((info.main,) if info.main else ()), *info.modules):
        if usable(module.path):
            by_path.setdefault(module.path, module)
        else:
            joined.refused.append(module.path)
    joined.modules = {module: set() for module in by_path.values()}
    for package in packages:
        _place(package, info, by_path, joined)
    return joined


def usable(path: str) -> bool:
    """Whether a path can be a module's: well formed, and not one of the standard library."""
    return _PATH.fullmatch(path) is not None and not stdlib.contains(path)


def _place(package: str, info: BuildInfo, by_path: dict[str, Module], joined: Joined) -> None:
    if stdlib.contains(package):
        joined.std.add(package)
        return
    path = info.path if package == MAIN else package
    # Tests outside their package are in "PATH_test", which is no folder.
    for candidate in (path, path.removesuffix("_test")):
        owner = _owner(candidate, by_path)
        if owner:
            joined.modules[by_path[owner]].add(candidate[len(owner) + 1 :])
            return
    # Else it is package main of no module, or a C function that the linker put in.
    if "/" in package:
        joined.strays.add(package)


def _owner(path: str, by_path: dict[str, Module]) -> str:
    """The longest module path that is the path or a folder above it; empty when there is none."""
    while path and path not in by_path:
        path = path.rpartition("/")[0]
    return path
