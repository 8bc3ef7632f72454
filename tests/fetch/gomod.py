"""Go toolchains of any version and Go modules, by the machine's own `go` and its module proxy.

`go` itself fetches another toolchain when GOTOOLCHAIN names it; Go 1.12 and later were tried.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fetch.outcome import run, run_or_gone

if TYPE_CHECKING:
    from collections.abc import Sequence

# Answers of the module proxy for a version that it does not have.
NOT_SERVED = r"(404 Not Found|410 Gone|toolchain not available|unknown revision).*"
# Read only by tests of Go itself and by people.
UNNEEDED = ("api", "doc", "misc", "test")


def toolchain(folder: Path, version: str) -> None:
    """Fetch the toolchain; folder/go is its root, folder/go/bin/go the program."""
    cache = folder / "mod"
    env = {
        **os.environ,
        "GOTOOLCHAIN": f"go{version}",
        "GOMODCACHE": str(cache),
        # Else the files are read-only and nobody but `go clean` can remove the folder.
        "GOFLAGS": "-modcacherw",
    }
    root = Path(run_or_gone(["go", "env", "GOROOT"], NOT_SERVED, env=env, cwd=folder).strip())
    if not root.is_relative_to(folder):
        # The machine's own toolchain is this very version: it stays where it is.
        (folder / "go").symlink_to(root)
        return
    root.rename(folder / "go")
    shutil.rmtree(cache)
    for name in UNNEEDED:
        shutil.rmtree(folder / "go" / name, ignore_errors=True)


def has_toolchain(folder: Path) -> bool:
    """Return whether the toolchain is there; a link to the machine's own can go stale."""
    return (folder / "go" / "bin" / "go").exists()


def modules(folder: Path, requirements: Sequence[str]) -> None:
    """Fetch `path@version` modules and what they need into folder/pkg/mod (a GOPATH)."""
    work = folder / "work"
    work.mkdir()
    (work / "go.mod").write_text("module example.test/fetch\n\ngo 1.12\n")
    env = {**os.environ, "GOPATH": str(folder), "GOMODCACHE": str(folder / "pkg" / "mod")}
    env |= {"GOFLAGS": "-mod=mod -modcacherw"}
    run_or_gone(["go", "get", *requirements], NOT_SERVED, cwd=work, env=env)
    run(["go", "mod", "download", "all"], cwd=work, env=env)
    shutil.copy(work / "go.sum", folder / "go.sum")


def offline(toolchain_folder: Path, modules_folder: Path, build_cache: Path) -> dict[str, str]:
    """Return the environment for `go build` with this toolchain and these modules, no network.

    The program is toolchain_folder/go/bin/go. `build_cache` must be the caller's own folder.
    """
    root = toolchain_folder / "go"
    return {
        **os.environ,
        "PATH": f"{root / 'bin'}:{os.environ['PATH']}",
        "GOROOT": str(root),
        "GOTOOLCHAIN": "local",
        "GO111MODULE": "on",
        "GOPATH": str(modules_folder),
        "GOMODCACHE": str(modules_folder / "pkg" / "mod"),
        "GOCACHE": str(build_cache),
        "GOPROXY": "off",
        "GOSUMDB": "off",
        "GOFLAGS": "",
    }
