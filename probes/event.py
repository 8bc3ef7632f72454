"""The one word that all probes tell: something happened in a process, so look there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What happened. A process that already lives when a scan first sees it is EXEC too."""

    EXEC = "exec"
    EXIT = "exit"
    OPEN = "open"
    MAP = "map"


@dataclass(frozen=True, slots=True)
class Event:
    """When and where to look. What a probe cannot know is None; nothing is guessed.

    `pid` is the process in the reader's pid namespace, None when it has no number there;
    `start_ticks` is field 22 of /proc/PID/stat (clock ticks since boot; a reader in a time
    namespace of its own would see another), and with `pid` names one life of a process.
    `cgroup_id` is the inode of the cgroup's directory, in the hierarchy that `hierarchy.choose`
    picks; `cgroup_names` its last three names or fewer, leaf first, () for the root. `mount_ns` is
    the inode of the mount namespace. `path` is the file as the process's own root shows it, decoded
    as os.fsdecode does; `dev` ("fd:01", major:minor in hex) and `inode` are what /proc/PID/maps
    shows for it, but that on overlayfs before about 6.6 maps shows the device of the layer (the
    inode is the same; measured on 5.10 and 6.1). `opener` is the program that opened the file
    (OPEN only). `at` is when it happened, or was seen, in seconds since the epoch.

    The same EXIT may come twice, when the last two threads end at the same time. A fork is no
    event: a child that runs on without an exec is told by a scan only.
    """

    kind: Kind
    pid: int | None
    start_ticks: int | None = None
    cgroup_id: int | None = None
    cgroup_names: tuple[str, ...] | None = None
    mount_ns: int | None = None
    path: str | None = None
    dev: str | None = None
    inode: int | None = None
    opener: str | None = None
    at: float | None = None
