"""The identity of a file, by which parsed results are shared between processes and containers."""

from __future__ import annotations

from typing import NamedTuple


class FileId(NamedTuple):
    """One content of one file.

    `dev` is st_dev, but 0 on overlayfs: there st_dev is per mount, while inode and times are those
    of the file in the layer that containers of one image share. `scope` is empty when the kernel's
    word can be trusted across containers; for FUSE and for mounts made inside a foreign user
    namespace it names the mount namespace, so that nothing is shared beyond it.
    Times are in nanoseconds; a workload cannot set ctime. As plain data it is a list of the same.
    """

    ino: int
    size: int
    mtime_ns: int
    ctime_ns: int
    dev: int
    scope: str = ""

    def token(self) -> str:
        """One short string, the same for equal identities: for keys of JSON objects and memos."""
        parts = (self.dev, self.ino, self.size, self.mtime_ns, self.ctime_ns)
        return ".".join(f"{part:x}" for part in parts) + (f"@{self.scope}" if self.scope else "")
