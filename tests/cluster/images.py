"""The images of the lab: what stands for `pause`, a shell, and Debian's Python."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster.archive import Image
from tests.cluster.settings import PAUSE_IMAGE
from tests.harness.skips import need

if TYPE_CHECKING:
    from tests.harness.fixtures import Toolbox

SHELL_IMAGE = "localhost/lab/shell:1"
PYTHON_IMAGE = "localhost/lab/python:1"
APPLETS = ("sh", "sleep", "echo", "cat", "true", "id", "ip")
# What a container does that only has to be there: it ends at once when it is told to.
STAY = ("/bin/sh", "-c", "trap 'exit 0' TERM; echo here; while :; do sleep 3600 & wait $!; done")
# Longer than any cluster lives, and all that busybox accepts.
FOREVER = str(2**31 - 1)


def busybox() -> Path:
    """Return the machine's static busybox, or skip the test."""
    found = shutil.which("busybox", path="/bin:/usr/bin:/usr/local/bin")
    need(found, "no busybox", "make toolbox ARGS=cluster-tools")
    return Path(str(found))


def pause() -> Image:
    """Holds the namespaces of each pod."""
    files = {"/bin/busybox": busybox()}
    return Image(PAUSE_IMAGE, files, ("/bin/sleep", FOREVER), {"/bin/sleep": "busybox"})


def shell() -> Image:
    """Busybox with a few names; starts what stays."""
    links = {f"/bin/{name}": "busybox" for name in APPLETS}
    return Image(SHELL_IMAGE, {"/bin/busybox": busybox()}, STAY, links)


def identified(folder: Path) -> dict[str, Path]:
    """What base-files and dpkg itself install: a root of a few unpacked packages lacks it.

    Of trixie, as `debian-node-root`. Without the format dpkg takes no list with an architecture in
    its name (dpkg, lib/dpkg/db-fsys-files.c).
    """
    release, form = folder / "os-release", folder / "format"
    release.write_text('ID=debian\nVERSION_ID="13"\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n')
    form.write_text("1\n")
    return {"/etc/os-release": release, "/var/lib/dpkg/info/format": form}


def python(toolbox: Toolbox) -> Image:
    """Debian's Python with a few packages and the database of dpkg; some seconds to load."""
    root = toolbox.path("debian-python-root")
    return Image(PYTHON_IMAGE, {"/": root}, ("/usr/bin/python3",), {})
