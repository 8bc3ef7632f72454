"""A cgroup id → its path → a container, by a walk over one hierarchy.

The id of a cgroup is the inode of its directory (kernfs, 64 bits, never used twice in one
hierarchy); what BPF programs tell is this number. On v1 each hierarchy counts for itself, so the
walk must be in the one that the events are from: `hierarchy_of` chooses it as they do. Directory
entries carry the inode, so nothing is opened but directories.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sensor.containers.names import MAX_LEVELS, of_names
from sensor.containers.text import ORDER, V2, lines_of
from sensor.model.container import UNKNOWN, Container

if TYPE_CHECKING:
    from collections.abc import Iterator

# A full node has 110 pods and about 1,500 cgroups; workloads with systemd inside make more. A path
# of 16,384 entries is about 200 bytes each: 3 MiB.
MAX_CGROUPS = 16_384
# Ids that no walk found. They are of cgroups that are gone, and an id never comes back.
MAX_MISSING = 4096


class Hierarchy(NamedTuple):
    """One mounted hierarchy: its controller ("" for v2), and where its root is mounted."""

    controller: str
    mount: str


@dataclass(frozen=True, slots=True)
class Walked:
    """The cgroups of one walk by id, and whether the bounds let all be seen."""

    paths: dict[int, tuple[str, ...]]
    complete: bool


class CgroupTree:
    """Looks up cgroups by id in one hierarchy, and remembers what it saw.

    Removed cgroups are remembered too, while there is room: the events of their last processes
    come late.
    """

    def __init__(self, mount: str, max_cgroups: int = MAX_CGROUPS) -> None:
        """Walk below `mount`, at most `max_cgroups` of them at a time."""
        self._mount = mount
        self._max = max_cgroups
        self._known: dict[int, tuple[str, ...]] = {}
        self._missing: set[int] = set()
        self.walks = 0

    def of_cgroup_id(self, cgroup_id: int) -> Container:
        """The container of a cgroup; `UNKNOWN` when it is gone or lies beyond the bounds."""
        names = self.names_of(cgroup_id)
        return UNKNOWN if names is None else of_names(names)

    def names_of(self, cgroup_id: int) -> tuple[str, ...] | None:
        """The names of its path, () for the root, None when no walk finds it."""
        if cgroup_id not in self._known and cgroup_id not in self._missing:
            self._walk_for(cgroup_id)
        return self._known.get(cgroup_id)

    def _walk_for(self, cgroup_id: int) -> None:
        walked = walk(self._mount, self._max)
        self.walks += 1
        fits = len(self._known) + len(walked.paths) <= 2 * self._max
        self._known = {**self._known, **walked.paths} if fits else walked.paths
        if cgroup_id not in walked.paths:
            if len(self._missing) >= MAX_MISSING:
                self._missing.clear()
            self._missing.add(cgroup_id)


def walk(mount: str, max_cgroups: int = MAX_CGROUPS) -> Walked:
    """All cgroups below a mounted hierarchy, breadth first, so that bounds cut the deepest.

    Raises OSError when the mount itself cannot be read.
    """
    paths: dict[int, tuple[str, ...]] = {Path(mount).stat().st_ino: ()}
    level: list[tuple[str, ...]] = [()]
    for _ in range(MAX_LEVELS):
        below: list[tuple[str, ...]] = []
        for names in level:
            for inode, name in _children(mount, names):
                if len(paths) >= max_cgroups:
                    return Walked(paths, complete=False)
                paths[inode] = (*names, name)
                below.append((*names, name))
        level = below
    return Walked(paths, complete=not level)


def _children(mount: str, names: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    try:
        entries = os.scandir(Path(mount, *names))
    except FileNotFoundError:  # removed since its parent was listed: cgroups come and go
        if not names:
            raise
        return
    with entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield entry.inode(), entry.name


def hierarchy_of(cgroup_text: str, mountinfo: str) -> Hierarchy | None:
    """The hierarchy that names containers, from our own /proc/self/cgroup and mountinfo.

    memory where v1 has it, else v2, else the first of the others: see `text.ORDER`. None when it is
    not mounted here with its root.
    """
    mounts = dict(_mounts(mountinfo))
    present = {name for line in lines_of(cgroup_text) for name in line.controllers}
    for controller in ORDER:
        if controller in present:
            mount = mounts.get(controller)
            return Hierarchy(controller, mount) if mount else None
    return None


def _mounts(mountinfo: str) -> Iterator[tuple[str, str]]:
    """(controller, mount point) of each cgroup mount that shows a root (proc_pid_mountinfo(5))."""
    for line in mountinfo.split("\n"):
        left, separator, right = line.partition(" - ")
        place, kind = left.split(" "), right.split(" ")
        if not separator or place[3] != "/":
            continue
        mount = _unescaped(place[4])
        if kind[0] == "cgroup2":
            yield V2, mount
        elif kind[0] == "cgroup":
            yield from ((option, mount) for option in kind[2].split(","))


def _unescaped(text: str) -> str:
    """Undo the kernel's octal writing of blanks, tabs, line feeds and backslashes in a path."""
    for character in " \t\n\\":
        text = text.replace(f"\\{ord(character):03o}", character)
    return text
