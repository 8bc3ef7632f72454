"""Which cgroup hierarchy the kernel events speak of: from the text of /proc/self/cgroup. Pure.

The file names the hierarchies of the whole machine, in a container too. One is chosen for a run:
on v1 the ids of each hierarchy are counted for themselves, and must never be mixed.
"""

from __future__ import annotations

from enum import IntEnum


class Hierarchy(IntEnum):
    """The values of cfg_cgroup in ebpf_prebuilt/src/process.bpf.c."""

    NONE = 0
    V2 = 1
    MEMORY = 2
    PIDS = 3
    CPU = 4
    DEVICES = 5
    FREEZER = 6


# Memory first: no runtime on v1 does without it, while a stray v1 mount of pids or net_cls is met
# on nodes whose containers are in v2.
ORDER = (
    Hierarchy.MEMORY,
    Hierarchy.V2,
    Hierarchy.PIDS,
    Hierarchy.CPU,
    Hierarchy.DEVICES,
    Hierarchy.FREEZER,
)


def choose(text: str) -> Hierarchy:
    """Return the hierarchy in which runtimes put their containers; NONE when there is none."""
    lines = _lines(text)
    return next((each for each in ORDER if each in lines), Hierarchy.NONE)


def last_name(text: str, hierarchy: Hierarchy) -> str | None:
    """Return the last name of the path in a hierarchy; None for its root, and when it is hidden.

    A path that begins with `/..` or is `/` may be cut by a cgroup namespace of our own.
    """
    path = _lines(text).get(hierarchy, "/")
    name = path.rpartition("/")[2]
    return name if name not in {"", ".."} else None


def _lines(text: str) -> dict[Hierarchy, str]:
    """The path in each hierarchy that we know. A line is `NUMBER:CONTROLLERS:PATH` (cgroups(7))."""
    found: dict[Hierarchy, str] = {}
    for line in text.split("\n"):
        number, _, rest = line.partition(":")
        controllers, colon, path = rest.partition(":")
        names = {name.upper() for name in controllers.split(",")} if number != "0" else {"V2"}
        found |= {each: path for each in ORDER if colon and each.name in names}
    return found
