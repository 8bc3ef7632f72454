"""Runs one command in the image as the chart's DaemonSet runs it, by runc and without a cluster.

The root is read-only, the uid 0, the capabilities are the six and no others; the processes of the
host are in sight.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

# uapi/linux/capability.h: the six of the chart and their numbers.
CAPABILITIES = {
    "CAP_DAC_READ_SEARCH": 2,
    "CAP_NET_ADMIN": 12,
    "CAP_SYS_PTRACE": 19,
    "CAP_SYS_RESOURCE": 24,
    "CAP_PERFMON": 38,
    "CAP_BPF": 39,
}
SECONDS = 100


@dataclass(slots=True)
class Sandbox:
    """`folder` is for the bundles, `rootfs` the root of the image, `env` its variables."""

    folder: Path
    rootfs: Path
    env: Sequence[str]
    uid: int = 0
    used: int = field(default=0)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        self.used += 1
        bundle = self.folder / f"bundle-{self.used}"
        bundle.mkdir()
        subprocess.run(["runc", "spec", "--bundle", bundle], check=True)
        config = json.loads((bundle / "config.json").read_text())
        (bundle / "config.json").write_text(json.dumps(self._config(config, words)))
        name = f"runtime-sensor-image-{os.getpid()}-{self.used}"
        return subprocess.run(
            ["runc", "--root", self.folder / "state", "run", "--bundle", bundle, name],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def _config(self, config: dict[str, Any], words: Sequence[str]) -> dict[str, Any]:
        given = sorted(CAPABILITIES.keys() - missing()) if self.uid == 0 else []
        process = config["process"]
        process |= {"terminal": False, "args": list(words), "env": list(self.env), "cwd": "/"}
        process["user"] = {"uid": self.uid, "gid": self.uid}
        process["capabilities"] = dict.fromkeys(("bounding", "effective", "permitted"), given)
        process["noNewPrivileges"] = True
        del process["rlimits"]  # to raise one needs SYS_RESOURCE
        config["root"] = {"path": str(self.rootfs), "readonly": True}
        kinds = ("ipc", "uts", "mount", "network")
        config["linux"]["namespaces"] = [{"type": kind} for kind in kinds]
        config["linux"]["cgroupsPath"] = f"/runtime-sensor-image-{os.getpid()}-{self.used}"
        return config


def missing() -> set[str]:
    """Those of the six that this machine cannot give to anybody: its bounding set lacks them."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"^CapBnd:\s*(\w+)$", status, re.MULTILINE)
    assert found is not None
    bounding = int(found[1], 16)
    return {name for name, number in CAPABILITIES.items() if not bounding >> number & 1}
