"""Real containers for one test, by runc, and everything of them removed again.

All that a lab makes has a private name: a state folder for runc, overlay mounts below one folder,
and one parent cgroup in every hierarchy, below which the forms of the table are laid out.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from sensor.closing import Closing

if TYPE_CHECKING:
    from collections.abc import Sequence

# A container starts in 50 ms and Python in it in another 100; emulation and load make it slow.
READY_SECONDS = 60
READY = "ready\n"


class Lab(Closing):
    """Starts containers. Use it in a `with`: at the end all are ended, by the ids it gave them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._state = folder / "runc"
        self._bundles = 0
        # Undone in reverse order, each even when another fails.
        self._undo = ExitStack()
        self.parent = f"runtime-sensor-test-{os.getpid()}-{folder.name}"
        for hierarchy in hierarchies():
            self._undo.callback(remove_cgroup, hierarchy / self.parent)

    def close(self) -> None:
        """End all, and remove what was made for them."""
        self._undo.close()

    def overlay(self, name: str, lower: Path) -> Path:
        """Mount an overlay with a private upper layer over `lower`; the root of a container."""
        upper, work, merged = (self._folder / name / part for part in ("upper", "work", "merged"))
        for folder in (upper, work, merged):
            folder.mkdir(parents=True)
        options = f"lowerdir={lower},upperdir={upper},workdir={work}"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, merged], check=True)
        self._undo.callback(unmount, merged)
        return merged

    def start(
        self, name: str, root: Path, argv: Sequence[str], cgroup: str, ready: str = READY
    ) -> int:
        """Run `argv` in a new container until it prints `ready`; its pid.

        `cgroup` is its path below the lab's own parent.
        """
        self._bundles += 1
        bundle = self._folder / f"bundle-{self._bundles}"
        bundle.mkdir()
        config = self._config(bundle, root, argv, cgroup)
        (bundle / "config.json").write_text(json.dumps(config))
        self._undo.callback(self._runc, "delete", "--force", name)
        with subprocess.Popen(
            ["runc", "--root", self._state, "run", "--detach", "--bundle", bundle, name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as runc:
            assert runc.stdout is not None
            wait_ready(runc.stdout.fileno(), ready)
        state = json.loads(self._runc("state", name))
        return int(state["pid"])

    def _config(
        self, bundle: Path, root: Path, argv: Sequence[str], cgroup: str
    ) -> dict[str, object]:
        """What `runc spec` writes, with our program; without limits: they need SYS_RESOURCE."""
        subprocess.run(["runc", "spec", "--bundle", bundle], check=True)
        config: dict[str, dict[str, object]] = json.loads((bundle / "config.json").read_text())
        config["process"] |= {"terminal": False, "args": list(argv)}
        del config["process"]["rlimits"]
        config["root"] = {"path": str(root), "readonly": False}
        config["linux"]["cgroupsPath"] = f"/{self.parent}{cgroup}"
        kinds = ("pid", "network", "ipc", "uts", "mount", "cgroup")
        config["linux"]["namespaces"] = [{"type": kind} for kind in kinds]
        return dict(config)

    def _runc(self, *words: str) -> str:
        command = ["runc", "--root", str(self._state), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def wait_ready(descriptor: int, ready: str = READY) -> None:
    """Read until the program says that it is ready. Raises AssertionError with what it said."""
    said = b""
    while ready.encode() not in said:
        readable, _, _ = select.select([descriptor], [], [], READY_SECONDS)
        piece = os.read(descriptor, 4096) if readable else b""
        assert piece, f"not ready: {said.decode(errors='replace')}"
        said += piece


def unmount(point: Path) -> None:
    """Unmount. Raises CalledProcessError when something still uses it."""
    subprocess.run(["umount", point], check=True)


def hierarchies() -> list[Path]:
    """Where the cgroup hierarchies of this machine are mounted (proc_pid_mounts(5))."""
    fields = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [Path(field[1]) for field in fields if field[2] in {"cgroup", "cgroup2"}]


def remove_cgroup(cgroup: Path) -> None:
    """Remove a cgroup with all below it, however deep; no process is in them any more."""
    if not cgroup.exists():
        return
    for _, folders, _, descriptor in os.fwalk(cgroup, topdown=False):
        for folder in folders:
            os.rmdir(folder, dir_fd=descriptor)
    cgroup.rmdir()
