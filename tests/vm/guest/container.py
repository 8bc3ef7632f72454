"""Runs a program in a runc container as a node would run the sensor; writes what that wrote.

usage: python -m tests.vm.guest.container RUNC-FOLDER. The container has the pid namespace of the
machine, a read-only root, the cgroups read-only, and six capabilities; the limit of locked memory
is the one that containers are given, so that the right to lift it is needed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.vm.guest.room import Room
from tests.vm.guest.sixcaps import SIX

BUNDLE = Path("/tmp/bundle")  # noqa: S108 - the machine is ours alone
LIBRARIES = Path("usr/lib/x86_64-linux-gnu")
LITTLE_MEMLOCK = 64 << 10
# The program that is looked at, outside of the container. It tells what it has loaded.
CHILD = """
import json, requests, sys, yaml
loaded = {"pyyaml": yaml.__version__, "requests": requests.__version__}
print(json.dumps([f"pkg:pypi/{name}@{loaded[name]}" for name in loaded]), flush=True)
sys.stdin.read()
"""


def main() -> None:
    """Start a child, then the container that looks at it."""
    programs = Path(sys.argv[1])
    BUNDLE.mkdir()
    with (
        Room() as room,
        subprocess.Popen(
            ["python3", "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as child,
    ):
        assert child.stdout is not None
        truth = child.stdout.readline()
        # Its lower layer is the machine's own root.
        (BUNDLE / "work").mkdir()
        root = room.overlay(Path("/"), BUNDLE / "work")
        words = ["python3", "-m", "tests.vm.guest.in_container", str(child.pid), truth]
        (BUNDLE / "config.json").write_text(json.dumps(config(root, words)))
        runc(room, programs)
        child.communicate()


def runc(room: Room, programs: Path) -> None:
    """Run it where the overlay is mounted. The machine's root is an initramfs: no pivot_root."""
    # It starts itself again with an empty environment, so a search path would not do.
    for library in (programs / LIBRARIES).glob("libseccomp.so.*"):
        shutil.copy(library, "/" / LIBRARIES)
    # It runs a copy of itself by a descriptor. On Debian's 5.10 that is "No such file" without this
    # link (measured); what makes it on a real machine does not run here.
    Path("/dev/fd").symlink_to("/proc/self/fd")
    options = ("--no-pivot", "--bundle", BUNDLE)
    room.do(programs / "usr/sbin/runc", "run", *options, "sensor")


def config(root: Path, words: list[str]) -> dict[str, object]:
    """The bundle, as the runtime specification 1.0 has it (config.md, config-linux.md)."""
    six = [f"CAP_{name}" for name in SIX]
    limit = {"type": "RLIMIT_MEMLOCK", "hard": LITTLE_MEMLOCK, "soft": LITTLE_MEMLOCK}
    return {
        "ociVersion": "1.0.2",
        "root": {"path": str(root), "readonly": True},
        "process": {
            "user": {"uid": 0, "gid": 0},
            "args": words,
            "env": [f"PATH={os.environ['PATH']}", "PYTHONPATH=/share:/share/site"],
            "cwd": "/share",
            "capabilities": dict.fromkeys(("bounding", "effective", "permitted"), six),
            "rlimits": [limit],
            "noNewPrivileges": True,
        },
        "mounts": [
            mount("/proc", "proc", "proc"),
            mount("/dev", "tmpfs", "tmpfs"),
            mount("/sys", "sysfs", "sysfs", "ro", "nosuid", "nodev", "noexec"),
            mount("/sys/fs/cgroup", "none", "/sys/fs/cgroup", "rbind", "ro"),
        ],
        # No pid namespace: that is hostPID.
        "linux": {
            "namespaces": [{"type": kind} for kind in ("mount", "ipc", "uts")],
            "cgroupsPath": "/sensor",
        },
    }


def mount(where: str, kind: str, source: str, *options: str) -> dict[str, object]:
    """One mount of the bundle."""
    return {"destination": where, "type": kind, "source": source, "options": list(options)}


if __name__ == "__main__":
    main()
