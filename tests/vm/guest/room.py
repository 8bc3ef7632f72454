"""A workload with mounts of its own: a shell in a new mount namespace, told what to do by lines."""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType


class Room:
    """Use it in a `with`: at the end its program is ended, and its mounts go with the namespace."""

    def __enter__(self) -> Self:
        self._shell = subprocess.Popen(
            ["unshare", "--mount", "sh", "-e"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # $app is the one program that `start` began; `wait` tells its signal, which is no failure.
        self._shell.communicate('[ -z "$app" ] || { kill -9 $app; wait $app; } 2>/dev/null || :\n')

    def do(self, *words: str | Path) -> None:
        """Run one command. Raises AssertionError when it fails: then the shell has ended."""
        self._say(f"{shlex.join(map(str, words))} >&2; echo done")
        assert self._hear() == "done", words

    def overlay(self, lower: Path, work: Path) -> Path:
        """Mount an overlay over `lower`; its upper layer is in a tmpfs that only this room has."""
        self.do("mount", "-t", "tmpfs", "tmpfs", work)
        for name in ("upper", "work", "root"):
            self.do("mkdir", work / name)
        options = f"lowerdir={lower},upperdir={work}/upper,workdir={work}/work"
        self.do("mount", "-t", "overlay", "overlay", "-o", options, work / "root")
        return work / "root"

    def start(self, root: Path, command: Sequence[str]) -> tuple[int, str]:
        """Start a program in a root; its pid and the first line that it wrote."""
        program = shlex.join(["chroot", str(root), *command])
        self._say(f"{program} </dev/null & app=$!; echo $app")
        # The pid and the program's line may come in either order.
        first, second = self._hear(), self._hear()
        pid, line = (first, second) if first.isdigit() else (second, first)
        return int(pid), line

    def _say(self, line: str) -> None:
        assert self._shell.stdin is not None
        self._shell.stdin.write(f"{line}\n")
        self._shell.stdin.flush()

    def _hear(self) -> str:
        assert self._shell.stdout is not None
        return self._shell.stdout.readline().rstrip("\n")
