"""Builds the Go programs that tests look at, offline, out of `programs/`.

`programs/app` is the target. The modules that it uses are in `programs/modules/PATH@VERSION` and
are served to `go` as a module proxy in a folder, so that they have real versions.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fetch.component import default_root

if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAMS = Path(__file__).with_name("programs")
MODULES = PROGRAMS / "modules"
# Since then a build writes no go.mod unless it is told so.
READ_ONLY_SINCE = (1, 16)


@dataclass(frozen=True)
class Recipe:
    """How to build the target: the toolchain's version ("1.26"), `go build` flags, and so on.

    `git` builds out of a repository with one commit; `machine` is a GOARCH, empty for this one.
    """

    go: str
    flags: tuple[str, ...] = ()
    cgo: bool = False
    git: bool = False
    machine: str = ""

    @property
    def number(self) -> tuple[int, ...]:
        """The version as numbers."""
        return tuple(int(part) for part in self.go.split("."))


class Factory:
    """Builds into a folder; compiled packages are kept in the cache of the toolbox."""

    def __init__(self, folder: Path) -> None:
        """Lay out the module proxy in the folder."""
        self._folder = folder
        self._proxy = folder / "proxy"
        for path in sorted(MODULES.rglob("*@*")):
            _serve(path, self._proxy)

    def build(self, toolchain: Path, recipe: Recipe, name: str) -> Path:
        """Build the target with the toolchain in that folder; return the program."""
        work = self._folder / name
        shutil.copytree(PROGRAMS / "app", work)
        environment = self.environment(toolchain, recipe)
        if recipe.git:
            _commit(work)
            environment["GOFLAGS"] += " -buildvcs=true"
        program = work / "program"
        command: list[str | Path] = [
            toolchain / "go/bin/go",
            "build",
            "-o",
            program,
            *recipe.flags,
            "./cmd/app",
        ]
        subprocess.run(command, cwd=work, env=environment, check=True)
        return program

    def oracle(self, toolchain: Path) -> Path:
        """Build the reader of debug information."""
        program = self._folder / "oracle"
        if not program.exists():
            command: list[str | Path] = [toolchain / "go/bin/go", "build", "-o", program, "."]
            environment = self.environment(toolchain, Recipe("1.26"))
            subprocess.run(command, cwd=PROGRAMS / "oracle", env=environment, check=True)
        return program

    def environment(self, toolchain: Path, recipe: Recipe) -> dict[str, str]:
        """The environment for `go`: this toolchain, this proxy, no network."""
        return {
            "PATH": f"{toolchain / 'go/bin'}:{os.environ['PATH']}",
            "HOME": str(self._folder),
            "GOENV": "off",
            "GOROOT": str(toolchain / "go"),
            "GOTOOLCHAIN": "local",
            "GO111MODULE": "on",
            "GOPATH": str(self._folder / "path"),
            "GOCACHE": str(default_root() / "go-build"),
            "GOPROXY": f"file://{self._proxy}",
            "GOSUMDB": "off",
            "GOFLAGS": "-modcacherw -mod=mod" if recipe.number >= READ_ONLY_SINCE else "",
            "CGO_ENABLED": str(int(recipe.cgo)),
            **({"GOARCH": recipe.machine} if recipe.machine else {}),
        }


def run_go(
    toolchain: Path, *words: str | Path, environment: Mapping[str, str] | None = None
) -> str:
    """What a `go` command prints."""
    defaults = {"PATH": os.environ["PATH"], "GOTOOLCHAIN": "local", "GOENV": "off"}
    defaults |= {"GOROOT": str(toolchain / "go"), "HOME": str(default_root() / "go-home")}
    command = [toolchain / "go/bin/go", *words]
    env = {**defaults, **(environment or {})}
    return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout


def _serve(source: Path, proxy: Path) -> None:
    """One module version in the layout of a proxy (`go help goproxy`)."""
    path, _, version = source.relative_to(MODULES).as_posix().rpartition("@")
    folder = proxy / path / "@v"
    folder.mkdir(parents=True)
    (folder / "list").write_text(f"{version}\n")
    (folder / f"{version}.info").write_text(f'{{"Version": "{version}"}}')
    shutil.copy(source / "go.mod", folder / f"{version}.mod")
    with zipfile.ZipFile(folder / f"{version}.zip", "w") as archive:
        for file in sorted(source.rglob("*")):
            if file.is_file():
                archive.write(file, f"{path}@{version}/{file.relative_to(source)}")


def _commit(work: Path) -> None:
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.test")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-q", "-m", "One commit")):
        subprocess.run(["git", *words], cwd=work, check=True)
