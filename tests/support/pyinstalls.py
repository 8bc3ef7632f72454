"""Small Python projects, installed by real tools in every way that leaves other traces behind."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Venv:
    """A virtual environment of its own, made by `command` FOLDER; nothing is fetched."""

    def __init__(self, folder: Path, command: Sequence[str]) -> None:
        self.python = str(folder / "bin" / "python")
        _run([*command, str(folder)])

    def pip(self, *arguments: str) -> None:
        """Install without any index."""
        _run([self.python, "-m", "pip", "install", "--quiet", "--no-index", *arguments])

    def setup(self, project: Path, *command: str) -> None:
        """Run the project's setup.py, as was done before pip."""
        _run([self.python, "setup.py", "--quiet", *command], project)


def project(folder: Path, name: str, version: str, package: str, source: str = "") -> Path:
    """Write a project with one package of two modules. `source` is where the package lies in it."""
    home = folder / name
    place = home / source / package
    place.mkdir(parents=True)
    (place / "__init__.py").write_text("")
    (place / "inner.py").write_text("")
    layout = f"package_dir={{'': {source!r}}}, " if source else ""
    (home / "setup.py").write_text(
        "from setuptools import setup\n"
        f"setup(name={name!r}, version={version!r}, {layout}packages=[{package!r}])\n"
    )
    return home


def _run(command: Sequence[str], folder: Path | None = None) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
