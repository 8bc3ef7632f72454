"""A process that a test starts, looks at and ends: `programs/child.py`."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from sensor.host.pagemap import PAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(__file__).with_name("programs") / "child.py"
# What `programs/child.py` writes across the borders of pages 0 and 1, 4 and 5.
MARK = b"contrast-mark"
MARK_BEFORE_BORDER = 7


@dataclass(frozen=True)
class Child:
    """The started process, the address of its eight pages."""

    popen: subprocess.Popen[str]
    address: int
    out: IO[str]
    into: IO[str]
    said: set[str] = field(default_factory=set)

    @property
    def pid(self) -> int:
        return self.popen.pid

    def page(self, number: int) -> int:
        """The address of one of the eight pages."""
        return self.address + number * PAGE

    def poke(self) -> None:
        """Have it write "poke" into page 2, and wait until that is done; only once."""
        self._once("poke\n", "done\n")

    def exec(self) -> None:
        """Have it become a shell, and wait until that runs; only once."""
        self._once("exec\n", "execed\n")

    def grow(self) -> None:
        """Have it touch 64 MiB more, and wait until that is done; only once."""
        self._once("grow\n", "done\n")

    def reserve(self) -> None:
        """Have it reserve 1 TiB and write "reserved" into its middle; only once."""
        self._once("reserve\n", "done\n")

    def chroot(self, root: Path) -> None:
        """Have it change its root, and wait until that is done; only once."""
        self._once(f"chroot {root}\n", "done\n")

    def _once(self, said: str, answer: str) -> None:
        if said not in self.said:
            self.said.add(said)
            self.into.write(said)
            self.into.flush()
            assert self.out.readline() == answer

    def end(self) -> None:
        """Kill it and wait for its end."""
        self.popen.kill()
        self.popen.wait()


@contextmanager
def started(*arguments: str, prefix: tuple[str, ...] = ()) -> Iterator[Child]:
    """Start the child, with files that it maps; end it at the end of the block."""
    command = [*prefix, sys.executable, "-I", "-S", str(PROGRAM), *arguments]
    popen = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert popen.stdin is not None
    assert popen.stdout is not None
    with popen:
        try:
            first = popen.stdout.readline()
            assert first, f"{command} did not start"
            yield Child(popen, int(first), popen.stdout, popen.stdin)
        finally:
            popen.kill()
