"""A Go program packed by UPX: what such a file looks like can only be learned from a real one."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.fetch import deb, pypi
from tests.fetch.outcome import run

if TYPE_CHECKING:
    from pathlib import Path


def pack(folder: Path, suite: str, requirement: str, inside: str) -> None:
    """Fetch a program as `pypi.program` does and pack it with the suite's UPX."""
    root = folder / "upx"
    root.mkdir()
    deb.fetch_root(root, suite, ("upx-ucl",))
    pypi.program(folder, requirement, inside)
    (plain,) = (folder / "bin").iterdir()
    loader = root / "usr/lib64/ld-linux-x86-64.so.2"
    libraries = root / "usr/lib/x86_64-linux-gnu"
    # The root's own loader: UPX of a newer suite does not run with this machine's libraries.
    run([loader, "--library-path", libraries, root / "usr/bin/upx-ucl", "-1", "-q", plain])
    shutil.rmtree(root)
