"""The text of /proc/PID/cgroup → a container. Pure: cgroup v1, v2 and hybrid machines.

A line is `HIERARCHY:CONTROLLERS:PATH` (cgroups(7)); v2 is `0::PATH`. All lines are evidence: on
hybrid machines one kind may name the container while the other says `/`, and a controller may hang
below another parent. The kernel refuses a line feed in a cgroup's name, so lines can be trusted.

Paths are relative to the cgroup namespace of the reader. Seen from inside another one, what lies
outside begins with `/..`, once for each level; the names after that are whole from there on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from sensor.containers.names import of_names
from sensor.model.container import HOST, UNKNOWN, Container

if TYPE_CHECKING:
    from collections.abc import Iterable

# The kernel has 14 v1 controllers and writes at most 4096 bytes of path for each; named
# hierarchies (systemd's) add a few. A text beyond that is not from a kernel.
MAX_TEXT = 128 << 10

# Which line is believed first, when two name different containers: runtimes always join memory;
# the same order in which kernel events choose their hierarchy. All others come after, as they are.
V2 = ""
ORDER = ("memory", V2, "pids", "cpu", "devices", "freezer")
# proc_cgroup_show() of the kernel (kernel/cgroup/cgroup.c) adds this on v2 for a removed cgroup.
DELETED = " (deleted)"


class Line(NamedTuple):
    """One hierarchy: its controllers ("" for v2), and the path of the process in it."""

    controllers: tuple[str, ...]
    path: str


def lines_of(text: str) -> list[Line]:
    """The well-formed lines, the one to believe first before the others.

    Only a line feed ends a line: a workload can put a carriage return or U+2028 into a name.
    """
    return sorted(filter(None, map(_line, text.split("\n"))), key=_rank)


def of_cgroup_text(text: str, *, nested: bool = False) -> Container:
    """The container that a /proc/PID/cgroup names, `HOST` if none.

    `nested` says that the reader is inside a cgroup namespace of its own, below the root of the
    machine: then a process that no line names or shows outside (`/..`) lies in the reader's own
    container, whose name is hidden: `UNKNOWN`, as for a text with no lines or beyond MAX_TEXT.
    """
    lines = lines_of(text) if len(text) <= MAX_TEXT else []
    found = [of_names(_names(line.path)) for line in lines]
    if named := [container for container in found if container.id]:
        return _merged(named)
    hidden = nested and not any(_outside(line.path) for line in lines)
    return HOST if lines and not hidden and UNKNOWN not in found else UNKNOWN


def is_nested(text_of_init: str) -> bool:
    """Whether the reader's cgroup namespace is not the machine's: from the text of pid 1."""
    return any(_outside(line.path) for line in lines_of(text_of_init))


def _line(text: str) -> Line | None:
    fields = text.split(":", 2)
    if len(fields) != 3 or not fields[2].startswith("/"):  # noqa: PLR2004 (the form of a line)
        return None
    return Line(tuple(fields[1].split(",")), fields[2].removesuffix(DELETED))


def _rank(line: Line) -> int:
    return min(ORDER.index(name) if name in ORDER else len(ORDER) for name in line.controllers)


def _outside(path: str) -> bool:
    return path == "/.." or path.startswith("/../")


def _names(path: str) -> list[str]:
    """The levels of a path, without those that only lead out of the reader's namespace."""
    return [name for name in path.split("/") if name not in {"", ".."}]


def _merged(named: Iterable[Container]) -> Container:
    """The first one, with what only other lines say about the same container."""
    first, *rest = named
    for other in rest:
        if other.id == first.id:
            first = replace(
                first,
                runtime=first.runtime or other.runtime,
                pod_uid=first.pod_uid or other.pod_uid,
                qos=first.qos or other.qos,
            )
    return first
