"""A cgroup of a test's own, three names deep, in the hierarchy that kernel events speak of."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Self

from probes import hierarchy
from probes.hierarchy import Hierarchy

if TYPE_CHECKING:
    from types import TracebackType


# As long as a name with a container's id in it is.
CONTAINER = f"cri-containerd-{'0123456789abcdef' * 4}.scope"


class Cgroup:
    """Use it in a `with`: at the end it is removed, when its processes have ended."""

    def __init__(self, name: str) -> None:
        top = f"runtime-sensor-test-{os.getpid()}-{name}"
        self._folders = [mount() / top, mount() / top / "pod", mount() / top / "pod" / CONTAINER]

    @property
    def id(self) -> int:
        """What events call it."""
        return self._folders[-1].stat().st_ino

    @property
    def names(self) -> tuple[str, ...]:
        """Leaf first, as events have them."""
        return tuple(folder.name for folder in reversed(self._folders))

    def put(self, pid: int) -> None:
        """Move a process of ours into it."""
        (self._folders[-1] / "cgroup.procs").write_text(str(pid))

    def __enter__(self) -> Self:
        for folder in self._folders:
            folder.mkdir()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for folder in reversed(self._folders):
            folder.rmdir()


def mount() -> Path:
    """Where the chosen hierarchy is mounted."""
    chosen = hierarchy.choose(Path("/proc/self/cgroup").read_text())
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, where, kind, options, *_ = line.split()
        if chosen is Hierarchy.V2 and kind == "cgroup2":
            return Path(where)
        if kind == "cgroup" and chosen.name.lower() in options.split(","):
            return Path(where)
    raise LookupError(f"{chosen.name} is not mounted")
