"""Without memory: which extension modules are mapped. A part of the truth, from maps alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sensor.resolvers.python.detect import EXTENSION
from sensor.resolvers.python.modules import Imported, Module

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensor.host.seam import Process
    from sensor.model.finding import Package

# Below such a directory a path is the name of a module.
SITE_DIRECTORIES = ("/site-packages/", "/dist-packages/")
# A process with all extension modules of a machine learning stack maps some 600.
MAX_EXTENSIONS = 5_000


def imported(process: Process) -> Imported:
    """The extension modules that are mapped from a site directory, as modules of sys.modules."""
    paths = sorted({m.path for m in process.maps() if m.inode and not m.deleted})
    found = [module for path in paths if (module := _module(path)) is not None]
    return Imported(tuple(found[:MAX_EXTENSIONS]), version=None, stdlib=None)


def by_mapping(packages: Iterable[Package]) -> tuple[Package, ...]:
    """The same packages, with evidence that says where it is from."""
    return tuple(
        replace(
            package,
            evidence=tuple(
                replace(evidence, kind="mapping", source="maps") for evidence in package.evidence
            ),
        )
        for package in packages
    )


def _module(path: str) -> Module | None:
    if not path.endswith(".so") or (not EXTENSION.search(path) and ".abi3." not in path):
        return None
    for directory in SITE_DIRECTORIES:
        _, found, inner = path.rpartition(directory)
        parts = inner.partition(".")[0].split("/")
        if found and all(part.isidentifier() for part in parts):
            return Module(".".join(parts), path)
    return None
