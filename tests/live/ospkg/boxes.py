"""Programs in roots of their own, over a root of the toolbox that stays as it is."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look_until_done
from sensor.resolvers.ospkg import OSPKG
from tests.harness.skips import need
from tests.support.rooted import overlay
from tests.support.speaking import saying

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sensor.model.finding import Finding

READY = "ready"
# Runs until its input ends, and has libraries of several packages by then.
PYTHON = (
    "/usr/bin/python3",
    "-c",
    f"import bz2, ctypes, lzma, ssl, yaml, sys; print('{READY}', flush=True); sys.stdin.read()",
)
BASH = ["bash", "-c", f"echo {READY}; read -r line"]
# As printf(1) takes it.
RELEASE = r"ID=debian\nVERSION_ID=12\n"


@contextmanager
def box(folder: Path, lower: Path, words: tuple[str, ...], *before: str) -> Iterator[int]:
    """Run a program on an overlay over `lower`, which it sees as its root; its pid.

    `before` are shell commands, run with the root mounted at $ROOT.
    """
    need(os.geteuid() == 0 and shutil.which("unshare"), "mounts of its own", "root and util-linux")
    root, work = folder / "root", folder / "work"
    script = ["set -e", *overlay(root, lower, work), f"ROOT={root}", *before]
    command = ["unshare", "--mount", "sh", "-c", "\n".join([*script, f'exec chroot {root} "$@"'])]
    with running([*command, "sh", *words]) as pid:
        yield pid


def running(words: list[str]) -> AbstractContextManager[int]:
    """Run a program until it says that it is ready."""
    return saying(READY, words)


def finding(pid: int, cache: FileCache | None = None) -> Finding:
    """What the resolver says of a process, after as many slices as it wants."""
    opener = LocalOpener()
    looked = look_until_done(opener, opener.key(pid), (OSPKG,), cache or FileCache())
    assert not looked.gone
    return looked.findings[OSPKG.name]


def purls(found: Finding) -> list[str]:
    """The package URLs of what is loaded, sorted."""
    return sorted(package.purl for package in found.packages)


def to_distroless(root: Path, target: Path) -> list[str]:
    """Write the database of a root as distroless images have it; commands that put it there."""
    parts = target / "status.d"
    parts.mkdir(parents=True)
    database = root / "var/lib/dpkg"
    for text in (database / "status").read_text().split("\n\n"):
        lines = [line for line in text.strip().splitlines() if not line.startswith("Status:")]
        if lines:
            name = lines[0].removeprefix("Package: ")
            (parts / name).write_text("\n".join(lines) + "\n")
            lists = (*database.glob(f"info/{name}.list"), *database.glob(f"info/{name}:*.list"))
            files = _files(root, lists[0])
            (parts / f"{name}.md5sums").write_text("".join(f"{'0' * 32}  {p}\n" for p in files))
    place = "$ROOT/var/lib/dpkg"
    return [f"rm -r {place}/status {place}/info", f"cp -r {parts} {place}/status.d"]


def _files(root: Path, listing: Path) -> list[str]:
    paths = (line.lstrip("/") for line in listing.read_text().splitlines())
    return [path for path in paths if (root / path).is_file() and not (root / path).is_symlink()]
