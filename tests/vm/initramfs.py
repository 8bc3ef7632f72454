"""The file system of a test machine, all in memory: the userland, then what differs by run."""

from __future__ import annotations

import lzma
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.vm.cpio import Cpio

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

INIT = Path(__file__).with_name("init.sh")
# What nobody reads in a test machine.
SKIPPED = {"usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info"}
# What git and Python leave in a work tree.
LEFT_BEHIND = {".git", "__pycache__", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache"}


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes in: an archive of `write_userland`, modules in loading order, folders, a command.

    `share` is path below /share → folder here; `mark` begins the lines that init itself writes.
    """

    userland: Path
    modules: Sequence[Path]
    share: Mapping[str, Path]
    cgroup: str
    mark: str
    command: Sequence[str]


def write_userland(archive: Path, root: Path) -> None:
    """Pack an unpacked root, once for all runs."""
    with archive.open("wb") as out:
        cpio = Cpio(out)
        cpio.tree("", root, lambda path: path not in SKIPPED)
        cpio.close()


def write_initramfs(target: Path, contents: Contents) -> None:
    """Write the archives that the kernel unpacks, one after the other, into its root."""
    with target.open("wb") as out:
        with contents.userland.open("rb") as packed:
            shutil.copyfileobj(packed, out)
        cpio = Cpio(out)
        cpio.file("init", INIT.read_bytes(), 0o755)
        cpio.file("run.env", _settings(contents).encode())
        cpio.folder("modules")
        for index, module in enumerate(contents.modules):
            name = module.name.removesuffix(".xz")
            cpio.file(f"modules/{index:03}-{name}", _plain(module))
        for name, folder in contents.share.items():
            for parent in reversed(Path("share", name).parents[:-1]):
                cpio.folder(str(parent))
            cpio.tree(f"share/{name}", folder, lambda path: Path(path).name not in LEFT_BEHIND)
        cpio.close()


def _plain(module: Path) -> bytes:
    """The bytes of a module; from 6.12 on Debian packs each with xz."""
    data = module.read_bytes()
    return lzma.decompress(data) if module.suffix == ".xz" else data


def _settings(contents: Contents) -> str:
    command = shlex.join(contents.command)
    return f"CGROUP={contents.cgroup}\nMARK={contents.mark}\nset -- {command}\n"
