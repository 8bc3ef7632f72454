"""Which mounts of a process may be walked into, told by text only: asking a file system can hang.

A dead FUSE daemon or file server holds everyone who looks up a name, for ever. So the decision is
made from mountinfo, which the kernel writes without asking the file system.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sensor.host.procfs import Mount, parse_mountinfo

if TYPE_CHECKING:
    from collections.abc import Mapping

# File systems that answer when another program or machine likes. FUSE types have a suffix too.
BLOCKING: Final = frozenset({
    "9p", "afs", "autofs", "beegfs", "ceph", "cifs", "coda", "fuse", "fuseblk", "gfs2", "glusterfs",
    "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "pvfs2", "smb3", "smbfs",
})  # fmt: skip
# Not files of packages: what stands there is made by the kernel on reading, may be a secret of a
# process (/proc/PID/environ) or have effects.
PSEUDO: Final = frozenset({
    "binder", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts",
    "efivarfs", "fusectl", "mqueue", "nsfs", "proc", "pstore", "resctrl", "rpc_pipefs",
    "securityfs", "selinuxfs", "smackfs", "sysfs", "tracefs",
})  # fmt: skip


def refusal(kind: str) -> str | None:
    """Why nothing on a file system of this type is opened; None when it may be."""
    if kind in BLOCKING or kind.startswith("fuse."):
        return "blocking file system"
    return "pseudo file system" if kind in PSEUDO else None


class MountTable:
    """One mountinfo text; the lines are only parsed when a path crosses a mount."""

    def __init__(self, raw: bytes) -> None:
        """Read from the text of a mountinfo file."""
        self._raw = raw
        self._points: dict[bytes, Mount] | None = None
        # Walking a path could mount something, and wait for it.
        self.has_autofs = b" - autofs " in raw

    def by_id(self, number: int) -> Mount | None:
        """The mount with this id."""
        line = re.search(rb"^%d .*$" % number, self._raw, re.MULTILINE)
        return parse_mountinfo(line[0])[0] if line else None

    def above(self, path: bytes) -> Mount | None:
        """The deepest mount that stands at a part of this absolute path, links not resolved."""
        points = self._by_point()
        while path not in points:
            head = path.rpartition(b"/")[0] or b"/"
            if head == path:
                return None
            path = head
        return points[path]

    def _by_point(self) -> Mapping[bytes, Mount]:
        if self._points is None:
            self._points = {mount.point: mount for mount in parse_mountinfo(self._raw)}
        return self._points
