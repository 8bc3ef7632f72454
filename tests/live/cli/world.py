"""What the tests of the command line start: made-up distributions, children that import them.

Everything lies in one folder that every user may read, so that a test can take another user's part.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[3]
NOBODY = 65534
TIMEOUT = 60.0
# Imports what it is told, takes the rights of nobody if told so, says "up", and waits for the end
# of its input. A process that changes its user is not dumpable, and then nobody may read it:
# PR_SET_DUMPABLE is 4 (prctl(2)).
CHILD = """\
import ctypes, importlib, os, sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[3].split(","):
    importlib.import_module(name)
if int(sys.argv[2]):
    os.setgroups([])
    os.setgid(int(sys.argv[2]))
    os.setuid(int(sys.argv[2]))
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
for _ in range(int(sys.argv[4])):
    if not os.fork():
        break
os.write(1, b"up\\n")  # one write: print makes two of it under PYTHONUNBUFFERED
sys.stdin.read()
"""
# Runs the command line as nobody. The modules lie where nobody may not read: imported before.
AS_NOBODY = """\
import codecs, importlib, os, pkgutil, sys
import sensor
for module in pkgutil.walk_packages(sensor.__path__, "sensor."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
for name in ("latin-1", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
    codecs.lookup(name)
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
sys.exit(sensor.cli.main(sys.argv[1:]))
"""


class World:
    """A folder of made-up distributions, and children that this test started."""

    def __init__(self, folder: Path) -> None:
        """Put everything into a folder."""
        self.site = folder / "site-packages"
        self.site.mkdir(mode=0o755)
        self.script = folder / "child.py"
        self.script.write_text(CHILD)

    def distribution(self, name: str, version: str) -> None:
        """Install a distribution with one module of the same name."""
        package, info = self.site / name, self.site / f"{name}-{version}.dist-info"
        package.mkdir()
        info.mkdir()
        (package / "__init__.py").write_text("answer = 42\n")
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        names = [f"{name}/__init__.py", f"{info.name}/METADATA", f"{info.name}/RECORD"]
        (info / "RECORD").write_text("".join(f"{one},,\n" for one in names))

    @contextmanager
    def child(
        self, *modules: str, user: int = 0, forks: int = 0, script: str | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Start a Python process that has imported these modules; it runs while the block does.

        With `forks` it has so many children of its own, which end with its input as well.
        """
        path = self.script
        if script is not None:
            path = Path(os.fsdecode(os.fsencode(self.script.parent / script)))
            shutil.copy(self.script, path)
        words: list[str | Path] = [sys.executable, "-S", path, self.site]
        words += [str(user), ",".join(modules), str(forks)]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            for _ in range(forks + 1):
                assert child.stdout.readline() == b"up\n"
            yield child


@contextmanager
def world() -> Iterator[World]:
    """A world with two distributions, toy 1.2 and other 3.4."""
    with tempfile.TemporaryDirectory(prefix="runtime-sensor-test-") as folder:
        Path(folder).chmod(0o755)
        made = World(Path(folder))
        made.distribution("toy", "1.2")
        made.distribution("other", "3.4")
        yield made


def command(*words: str, nobody: bool = False) -> Sequence[str]:
    """The words that run the command line."""
    start = ["-c", AS_NOBODY] if nobody else ["-m", "sensor.cli"]
    return [sys.executable, *start, *words]


def run(*words: str, nobody: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end, without a terminal."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": ""}
    return subprocess.run(
        command(*words, nobody=nobody),
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
