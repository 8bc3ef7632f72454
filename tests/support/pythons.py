"""Real Python processes that tests start, with the truth that they print, and readings of them."""

from __future__ import annotations

import json
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.model.budget import Budget
from sensor.resolvers.python.locate import NotFound, Pending, Place, locate
from sensor.resolvers.python.progress import Progress, Walked
from sensor.resolvers.python.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sensor.host.seam import Cache

PROGRAMS = Path(__file__).parents[1] / "live" / "python" / "programs"
# A small application of the standard library: pure modules, extension modules, packages.
STANDARD = (
    "asyncio",
    "ctypes",
    "email.mime.text",
    "http.server",
    "json",
    "unittest",
    "xml.dom.minidom",
)
MAX_SLICES = 100


@dataclass
class Target:
    """A started process and what it last said of itself."""

    popen: subprocess.Popen[str]
    said: dict[str, Any]

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def truth(self) -> dict[str, str | None]:
        """Name and file of every module, by the process itself."""
        modules: dict[str, str | None] = self.said["modules"]
        return modules

    def tell(self, line: str) -> None:
        """Have it do something, and read what it says then."""
        assert self.popen.stdin
        assert self.popen.stdout
        self.popen.stdin.write(line + "\n")
        self.popen.stdin.flush()
        self.said = json.loads(self.popen.stdout.readline())


@contextmanager
def target(argv: Sequence[str], program: str, *arguments: str) -> Iterator[Target]:
    """Run a program of `programs/` by an interpreter; its first line of output is its truth.

    The source goes by the command line, so that it runs in a chroot too.
    """
    source = (PROGRAMS / program).read_text()
    command = [*argv, "-c", source, *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as popen:
        try:
            assert popen.stdout
            line = popen.stdout.readline()
            assert line, f"{argv} {program} said nothing"
            yield Target(popen, json.loads(line))
        finally:
            popen.kill()


def placed(pid: int, cache: Cache | None = None) -> Place | NotFound:
    """Where the interpreters of a process are, in as many looks as it takes."""
    opener, state, known = LocalOpener(), None, cache or FileCache()
    for _ in range(MAX_SLICES):
        with opener.open_process(opener.key(pid)) as process:
            found = locate(process, Budget(process.meter), known, state)
        if not isinstance(found, Pending):
            return found
        state = found.state
    raise AssertionError("locate does not end")


def walked(pid: int, place: Place) -> Walked:
    """All that a process has imported, in as many looks as it takes."""
    opener, state = LocalOpener(), None
    for _ in range(MAX_SLICES):
        with opener.open_process(opener.key(pid)) as process:
            found = walk(process, Budget(process.meter), place, state)
        if not isinstance(found, Progress):
            return found
        state = found.plain()
    raise AssertionError("walk does not end")


def read(pid: int, cache: Cache | None = None) -> Walked:
    """All that a process has imported. It must have an interpreter."""
    place = placed(pid, cache)
    assert isinstance(place, Place), place
    return walked(pid, place)


def files(found: Walked) -> dict[str, str | None]:
    """Name and file of every module that was read, as Target.truth has it."""
    return {module.name: module.file for module in found.imported.modules}
