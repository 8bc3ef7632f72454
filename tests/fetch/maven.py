"""Java programs, built out of Maven projects by the machine's own `mvn` and its settings.

What is downloaded is kept beside the components, so that a changed program fetches nothing again.
"""

from __future__ import annotations

import shutil
import zlib
from typing import TYPE_CHECKING

from tests.fetch import system
from tests.fetch.component import default_root, locked
from tests.fetch.outcome import run

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = ("default-jdk-headless", "maven")
PROGRAMS = ("java", "javac", "jcmd", "mvn")


def build(folder: Path, project: Path, module: str = "") -> None:
    """Build the project, or one module of it, which writes what it makes into `folder`.

    The project knows the folder by the property `out`. Raises UnavailableError.
    """
    system.install(folder, PACKAGES, PROGRAMS)
    work = folder / "work"
    shutil.copytree(project, work)
    local = default_root() / "maven"
    # Maven says on its standard output what went wrong.
    command: list[str | Path] = ["sh", "-c", 'exec mvn "$@" >&2', "mvn", "--batch-mode", "--quiet"]
    command += [f"-Dmaven.repo.local={local}", f"-Dout={folder}", "--file", work / module]
    # Two of Maven in one local repository can take each other's half-written files.
    with locked(default_root() / ".locks" / "maven-repository"):
        run([*command, "package"])
    shutil.rmtree(work)


def digest(*paths: Path) -> str:
    """Return a version for files and folders: another text in one of them is another version."""
    files = sorted(file for path in paths for file in (path, *path.rglob("*")) if file.is_file())
    return f"{zlib.crc32(b''.join(file.read_bytes() for file in files)):08x}"
