"""Kernels and userlands for `tests/vm`: Debian's packages, made ready to boot. Boots nothing."""

from __future__ import annotations

import re
import shutil
import sys
from functools import partial
from typing import TYPE_CHECKING

from tests.fetch.apt import PrivateApt
from tests.fetch.component import Component
from tests.fetch.deb import unpack, write_database
from tests.fetch.outcome import UnavailableError, run
from tests.fetch.pypi import PIP
from tests.vm.initramfs import write_userland
from tests.vm.kernels import (
    KERNELS,
    RUNTIMES_ARM64,
    SITE_WHEELS,
    USERLAND_AMD64,
    USERLAND_PACKAGES,
    USERLANDS,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.vm.kernels import Kernel, Userland

# Names inside the folder of a component.
VMLINUZ = "vmlinuz"
RELEASE = "release"
MODULES = "modules"
USERLAND = "userland.cpio"
SITE = "site"
# The component with runc and the one library that userlands lack, for machines that share it.
RUNC = "vm-runc-bookworm-amd64"
RUNC_PACKAGES = ("runc", "libseccomp2")
# Up to 6.12 one package holds a kernel; from 7.x on it is split into these.
PARTS = re.compile(r"linux-(?:image|binary|modules)-\d[^ ,]*")


def fetch_kernel(folder: Path, kernel: Kernel) -> None:
    """Unpack the newest kernel of a suite, and index its modules."""
    if shutil.which("depmod") is None:
        raise UnavailableError("depmod is missing: apt-get install kmod")
    root = folder / MODULES
    unpack(_parts(PrivateApt(kernel.suite, kernel.arch), kernel.package), root)
    release = next((root / "lib/modules").iterdir()).name
    run(["depmod", "--basedir", root, release])
    image = next(path for path in root.glob("**/vmlinuz*") if path.is_file())
    image.rename(folder / VMLINUZ)
    (folder / RELEASE).write_text(release)


def _parts(apt: PrivateApt, package: str) -> list[Path]:
    """The packages with the files of a kernel, found by what the named one depends on."""
    parts: dict[str, Path] = {}
    names = [package]
    while names:
        name = names.pop()
        [deb] = apt.download([name], closure=False)
        if PARTS.match(name):
            parts[name] = deb
        depends = run(["dpkg-deb", "--field", deb, "Depends"])
        names += [each for each in PARTS.findall(depends) if each not in parts]
    return list(parts.values())


def fetch_userland(folder: Path, userland: Userland) -> None:
    """Pack busybox, Python and a few libraries, with a dpkg database, into one archive."""
    debs = PrivateApt(userland.suite, userland.arch).download(
        (*USERLAND_PACKAGES, *userland.more, "busybox-static")
    )
    root = folder / "root"
    unpack(debs, root)
    write_database(debs, root)
    _compile(root)
    write_userland(folder / USERLAND, root)
    shutil.rmtree(root)


def _compile(root: Path) -> None:
    """Write the .pyc files that Debian's scripts would; without them emulated Python starts slowly.

    Only root can, and only for this machine's own architecture; all works without them.
    """
    command = ["chroot", str(root), "/usr/bin/python3", "-m", "compileall", "-q"]
    # The archive keeps no times, by which a .pyc would else be thought old.
    mode = ["--invalidation-mode", "unchecked-hash"]
    try:
        run([*command, *mode, "/usr/lib/python3", *sorted(_stdlib(root))])
    except UnavailableError:
        return


def _stdlib(root: Path) -> list[str]:
    return [f"/usr/lib/{path.name}" for path in root.glob("usr/lib/python3.*")]


def fetch_site(folder: Path, userland: Userland) -> None:
    """Unpack the wheels that `scan` needs, for the Python of a userland."""
    options = ["--no-deps", "--only-binary=:all:", f"--python-version={userland.python}"]
    options += [f"--platform={each}" for each in userland.platforms]
    target = str(folder / SITE)
    run([sys.executable, *PIP, "install", "--target", target, *options, *SITE_WHEELS])


def fetch_runc(folder: Path) -> None:
    """Unpack runc for the userland that all machines of amd64 have."""
    packages = PrivateApt(USERLAND_AMD64.suite, USERLAND_AMD64.arch)
    unpack(packages.download(RUNC_PACKAGES, closure=False), folder)


def _row(
    name: str, version: str, client: str, size_mb: int, fetch: Callable[[Path], None]
) -> Component:
    return Component(name, version, client, size_mb, ("vm",), fetch)


COMPONENTS = (
    *(
        _row(kernel.component, kernel.suite, "apt", 110, partial(fetch_kernel, kernel=kernel))
        for kernel in KERNELS
    ),
    *(
        _row(each.component, each.suite, "apt", size, partial(fetch_userland, userland=each))
        for each, size in (*((one, 55) for one in USERLANDS), (RUNTIMES_ARM64, 330))
    ),
    _row(RUNC, "bookworm", "apt", 12, fetch_runc),
    *(
        _row(each.site_component, each.python, "pip", 2, partial(fetch_site, userland=each))
        for each in USERLANDS
    ),
)
