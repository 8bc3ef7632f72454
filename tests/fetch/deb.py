"""Unpack .deb files into a folder, and write the package database that dpkg would have written.

No maintainer script runs: what such scripts make (alternatives, compiled .pyc files) is not there.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.fetch.apt import PrivateApt
from tests.fetch.outcome import UnavailableError, run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

# Debian's merged /usr: suites before trixie leave these links to a maintainer script.
MERGED = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}
# Folders that programs expect in a root and that no small package closure brings.
EXPECTED = ("proc", "sys", "dev", "tmp", "etc", "var/tmp")


def fetch_files(folder: Path, suite: str, packages: Sequence[str]) -> None:
    """Fetch and unpack exactly these packages, without what they depend on."""
    unpack(PrivateApt(suite).download(packages, closure=False), folder)


def fetch_root(folder: Path, suite: str, packages: Sequence[str]) -> None:
    """Fetch and unpack the packages, all that they need and busybox: a root for chroot.

    The root has a valid dpkg database of what was unpacked, and `/bin/sh`.
    """
    debs = PrivateApt(suite).download((*packages, "busybox-static"))
    unpack(debs, folder)
    write_database(debs, folder)
    shell = folder / "usr/bin/sh"
    if not shell.is_symlink() and not shell.exists():
        shell.symlink_to("busybox")


def unpack(debs: Iterable[Path], root: Path) -> None:
    """Unpack the files into `root`, as a merged-/usr system. Raises UnavailableError on failure."""
    for link, target in MERGED.items():
        (root / target).mkdir(parents=True, exist_ok=True)
        if not (root / link).is_symlink():
            (root / link).symlink_to(target)
    for deb in debs:
        _unpack_one(deb, root)
    for folder in EXPECTED:
        (root / folder).mkdir(parents=True, exist_ok=True)


def _unpack_one(deb: Path, root: Path) -> None:
    extract = ["tar", "-x", "--keep-directory-symlink", "--no-same-owner", "-C", str(root)]
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE
    ) as archive:
        done = subprocess.run(extract, stdin=archive.stdout, capture_output=True, check=False)
    if done.returncode or archive.returncode:
        message = done.stderr.decode(errors="replace").strip()
        raise UnavailableError(f"{deb.name} does not unpack: {message}")


def write_database(debs: Iterable[Path], root: Path) -> None:
    """Write var/lib/dpkg: `status` and `info/NAME.list` as dpkg has them after an install.

    Formats: deb-control(5); dpkg names the list NAME:ARCH.list for a package that is
    `Multi-Arch: same` (dpkg 1.21, lib/dpkg/db-ctrl-access.c), and looks for such names only if
    `info/format` says so (lib/dpkg/db-ctrl-format.c).
    """
    info = root / "var/lib/dpkg/info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "format").write_text("1\n")
    stanzas = []
    for deb in debs:
        control = run(["dpkg-deb", "--field", deb])
        name, rest = control.split("\n", 1)
        stanzas.append(f"{name}\nStatus: install ok installed\n{rest.rstrip()}\n")
        (info / f"{_list_name(control)}.list").write_text(_listing(deb))
    (root / "var/lib/dpkg/status").write_text("\n".join(stanzas))


def _list_name(control: str) -> str:
    fields = dict(line.split(": ", 1) for line in control.splitlines() if ": " in line)
    same = fields.get("Multi-Arch") == "same"
    return f"{fields['Package']}:{fields['Architecture']}" if same else fields["Package"]


def _listing(deb: Path) -> str:
    """Return one path a line: `/.` first, folders without a slash at the end."""
    paths = []
    for line in run(["dpkg-deb", "--contents", deb]).splitlines():
        path = line.split(None, 5)[5].split(" -> ")[0].split(" link to ")[0]
        paths.append(path.removeprefix(".").rstrip("/") or "/.")
    return "\n".join(paths) + "\n"
