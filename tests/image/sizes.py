"""Runs inside the image: what its distributions take, all of them and those only for kubernetes.

Prints one JSON object: bytes of the root without other mounts, and bytes of what is there only
because `runtime-sensor` requires `kubernetes`.
"""

from __future__ import annotations

import json
import os
import re
import sys
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

CLIENT = "kubernetes"
MOUNTS = {"/proc", "/sys", "/dev"}


def canonical(name: str) -> str:
    """A name by PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def closure(name: str, without: str = "") -> set[str]:
    """The distribution and what it needs, directly or not, extras left out."""
    found: set[str] = set()
    waiting = [canonical(name)]
    installed = {canonical(each.metadata["Name"]) for each in distributions()}
    while waiting:
        one = waiting.pop()
        if one in found or one == without or one not in installed:
            continue
        found.add(one)
        lines = [line for line in distribution(one).requires or () if "extra ==" not in line]
        waiting += [canonical(re.split(r"[^\w.-]", line)[0]) for line in lines]
    return found


def size(dist: Distribution) -> int:
    """Bytes of its files, their .pyc files too."""
    total = 0
    for file in dist.files or ():
        path = Path(str(dist.locate_file(file)))
        cached = (
            [*path.parent.glob(f"__pycache__/{path.stem}.*.pyc")] if path.suffix == ".py" else []
        )
        total += sum(each.stat().st_size for each in (path, *cached) if each.is_file())
    return total


def tree(top: str) -> int:
    """Bytes of all regular files below, without other mounts; a hard link counts once."""
    seen: dict[tuple[int, int], int] = {}
    for name, folders, files in os.walk(top):
        folder = Path(name)
        folders[:] = [each for each in folders if str(folder / each) not in MOUNTS]
        for file in files:
            stat = (folder / file).lstat()
            seen[stat.st_dev, stat.st_ino] = stat.st_size
    return sum(seen.values())


def main() -> None:
    only = closure("runtime-sensor") - closure("runtime-sensor", without=CLIENT)
    report = {
        "image": tree("/"),
        "client": sum(size(distribution(name)) for name in only),
        "only_for_client": sorted(only),
    }
    sys.stdout.write(json.dumps(report) + "\n")


main()
