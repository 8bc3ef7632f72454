"""Words for a process as the kernel shows it: its key, its mappings, its open descriptors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True, order=True)
class ProcessKey:
    """One life of one process, in the pid namespace of the host.

    `start_ticks` is field 22 of /proc/PID/stat: clock ticks from boot to the start of the process
    (proc_pid_stat(5)). A pid that is used again has another start. An exec keeps the key: the
    program is told apart by the open memory descriptor, which reads nothing after an exec.
    """

    pid: int
    start_ticks: int


class Mapping(NamedTuple):
    """One line of /proc/PID/maps (proc_pid_maps(5)).

    `start` and `end` are addresses, `offset` is in bytes, `device` is the kernel's "major:minor" in
    hex, `path` is without the kernel's " (deleted)" mark, which `deleted` holds. Anonymous memory
    has inode 0; its path is empty or a bracketed name such as "[heap]".
    """

    start: int
    end: int
    perms: str
    offset: int
    device: str
    inode: int
    path: str
    deleted: bool = False

    @property
    def size(self) -> int:
        """Bytes of address space."""
        return self.end - self.start

    @property
    def file_key(self) -> tuple[str, int]:
        """(device, inode): equal for all mappings of one file in a process; inode 0 is no file."""
        return self.device, self.inode


class Descriptor(NamedTuple):
    """One entry of /proc/PID/fd: the number and what the link reads ("socket:[1]", a path …)."""

    number: int
    target: str


@dataclass(frozen=True, slots=True)
class Arguments:
    """What may be kept of a command line: the program, and where it looks for code.

    Everything else on a command line can be a secret, and is neither read on nor kept.
    `program` is argv[0]; `script` is what an interpreter was told to run (a path or `-m NAME`),
    else empty; the paths are as written. `directory` is where the process works, as it sees it:
    paths that do not begin with a slash begin there.
    """

    program: str = ""
    script: str = ""
    class_path: str = ""
    module_path: str = ""
    directory: str = ""
