"""What the kernel writes in /proc/PID, as data: stat, maps, mountinfo, fdinfo. Opens nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sensor.errors import Malformed
from sensor.formats.pathtext import to_text
from sensor.model.process import Mapping

if TYPE_CHECKING:
    from collections.abc import Iterator

DELETED = " (deleted)"
# include/linux/sched.h: a thread of the kernel, with no memory and no program of its own.
PF_KTHREAD = 0x00200000
# Fields of /proc/PID/stat, counted from 1 (proc_pid_stat(5)).
_STATE, _FLAGS, _START_TIME, _START_STACK, _ARG_START, _ARG_END = 3, 9, 22, 28, 48, 49

# fs/proc/task_mmu.c, show_vma_header_prefix; the path is padded with blanks.
_MAPS_LINE = re.compile(
    r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) ([0-9a-f]+:[0-9a-f]+) ([0-9]+) *([^\n]*)\n"
)
_OCTAL = re.compile(rb"\\([0-7]{3})")


class Stat(NamedTuple):
    """What we use of /proc/PID/stat.

    `start_ticks` tells lives of a pid apart; `start_stack`, an address, tells programs of one life
    apart (an exec makes a new stack; 0 where we are not permitted to see it). The command line
    lies between the addresses `arg_start` and `arg_end`.
    """

    state: str
    flags: int
    start_ticks: int
    start_stack: int
    arg_start: int
    arg_end: int

    @property
    def dead(self) -> bool:
        """It has ended: a zombie, or less."""
        return self.state in "ZXx"

    @property
    def kernel_thread(self) -> bool:
        """It has no memory and no program."""
        return bool(self.flags & PF_KTHREAD)


class Mount(NamedTuple):
    """One line of /proc/PID/mountinfo: the id, the mount point, the type of file system."""

    id: int
    point: bytes
    kind: str


def parse_stat(raw: bytes) -> Stat:
    """The fields of a stat line; the name in it may hold blanks, brackets and newlines."""
    fields = raw[raw.rindex(b")") + 2 :].split()

    def number(field: int) -> int:
        return int(fields[field - 3])

    return Stat(
        state=fields[_STATE - 3].decode(),
        flags=number(_FLAGS),
        start_ticks=number(_START_TIME),
        start_stack=number(_START_STACK),
        arg_start=number(_ARG_START),
        arg_end=number(_ARG_END),
    )


def parse_maps(raw: bytes, root: str = "/") -> list[Mapping]:
    r"""All mappings, with paths as seen from `root` (see `seen_from`).

    The kernel writes a newline in a path as \012 and nothing else in another way. Raises Malformed
    when a line is not understood, so that none is passed over in silence.
    """
    shared: dict[str, str] = {}
    names: dict[str, tuple[str, bool]] = {"": ("", False)}
    found = []
    for start, end, perms, offset, device, inode, path in _MAPS_LINE.findall(to_text(raw)):
        name, deleted = names.get(path) or names.setdefault(path, _name(path, root))
        found.append(
            Mapping(
                int(start, 16),
                int(end, 16),
                shared.setdefault(perms, perms),
                int(offset, 16),
                shared.setdefault(device, device),
                int(inode),
                name,
                deleted,
            )
        )
    if len(found) != raw.count(b"\n"):
        raise Malformed("a line of maps is not understood")
    return found


def lines_with(mark: bytes, raw: bytes) -> Iterator[bytes]:
    """The lines of a text that hold `mark`, with their ends: without a step for each line."""
    at = raw.find(mark)
    while at >= 0:
        end = raw.find(b"\n", at) + 1 or len(raw)
        yield raw[raw.rfind(b"\n", 0, at) + 1 : end]
        at = raw.find(mark, end)


def _name(path: str, root: str) -> tuple[str, bool]:
    """A path of maps as seen from `root`, and whether it has the mark of a deleted file."""
    path = path.replace("\\012", "\n")
    if not path.startswith("/"):
        return path, False
    return seen_from(root, path.removesuffix(DELETED)), path.endswith(DELETED)


def seen_from(root: str, path: str) -> str:
    """A path that the kernel shows to us, as a process in a chroot sees it.

    The kernel shows paths of another mount namespace from that namespace's root, but those of a
    process in a mere chroot from ours. A path outside `root` stays as it is.
    """
    if root == "/" or not path.startswith(root):
        return path
    rest = path[len(root) :]
    return rest if rest.startswith("/") else path if rest else "/"


def parse_mountinfo(raw: bytes) -> list[Mount]:
    """The mounts that a process can reach, in the kernel's order. A line cut off is left."""
    mounts = []
    for line in raw.split(b"\n"):
        left, dash, right = line.partition(b" - ")
        fields = left.split(b" ")
        if dash and len(fields) > 4:  # noqa: PLR2004 - proc_pid_mountinfo(5): field 5 is the point
            mounts.append(
                Mount(int(fields[0]), unescaped(fields[4]), right.split(b" ")[0].decode())
            )
    return mounts


def unescaped(raw: bytes) -> bytes:
    """A field of mountinfo without its octal escapes (blank, tab, newline, backslash, #)."""
    return _OCTAL.sub(lambda match: bytes([int(match[1], 8) & 0xFF]), raw)


def parse_mount_id(raw: bytes) -> int:
    """The mount of an open descriptor, from its fdinfo."""
    for line in raw.split(b"\n"):
        if line.startswith(b"mnt_id:"):
            return int(line[7:])
    raise Malformed("fdinfo without a mnt_id")
