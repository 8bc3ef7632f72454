"""Real applications: started, asked what they have loaded, and read."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look_until_done
from sensor.resolvers.node import NODE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sensor.host.seam import Cache
    from sensor.model.finding import Finding

PROGRAMS = Path(__file__).with_name("programs")
APP = ("shop", "0.1.0")


@dataclass
class Truth:
    """What a process said of itself, all its threads together."""

    cjs: set[str] = field(default_factory=set)
    esm: set[str] = field(default_factory=set)
    owners: dict[str, Any] = field(default_factory=dict)

    def add(self, said: dict[str, Any]) -> None:
        self.cjs |= set(said["cjs"])
        self.esm |= set(said["esm"])
        self.owners |= said["owners"]

    @property
    def files(self) -> set[str]:
        return self.cjs | self.esm


def application(folder: Path, modules: Path, *programs: str) -> Path:
    """A folder with these programs, whose node_modules is a link to that one."""
    (folder / "node_modules").symlink_to(modules)
    described = {"name": APP[0], "version": APP[1], "private": True}
    (folder / "package.json").write_text(json.dumps(described))
    return with_programs(folder, *programs)


def with_programs(folder: Path, *programs: str) -> Path:
    for program in ("oracle.cjs", *programs):
        shutil.copy(PROGRAMS / program, folder)
    return folder


@contextmanager
def running(
    node: Sequence[str], folder: Path, program: str, speakers: int = 1
) -> Iterator[dict[int, Truth]]:
    """Start an application, and wait until as many threads and processes have said what they are.

    It is a process group that we began, and which we end.
    """
    command = [*node, "-r", "./oracle.cjs", program]
    environment = os.environ | {"TRUTH": str(folder)}
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as popen:
        try:
            assert popen.stdout
            truths: dict[int, Truth] = {}
            for _ in range(speakers):
                line = popen.stdout.readline().strip()
                assert line, f"{program} said nothing"
                said = json.loads(Path(line).read_text())
                truths.setdefault(said["pid"], Truth()).add(said)
            yield truths
        finally:
            os.killpg(popen.pid, signal.SIGKILL)
            popen.communicate()


def look(pid: int, cache: Cache | None = None) -> Finding:
    """One whole look at a living process, from its heap to its packages."""
    opener = LocalOpener()
    found = look_until_done(opener, opener.key(pid), [NODE], cache or FileCache())
    return found.findings["node"]
