"""Stands for runc in the lab: takes CAP_SYS_RESOURCE out of config.json, says so, and runs runc.

For machines whose own processes do not have that capability: there runc refuses a container that
asks for it ("unable to apply caps"). All others that a pod asks for are left as they are. Run as
`python runtime.py LOG ARGUMENTS OF RUNC`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

CAPABILITY = "CAP_SYS_RESOURCE"
# CapBnd of /proc/self/status: bit 24 (linux/capability.h).
BIT = 1 << 24


def main() -> None:
    """Become runc."""
    log, *arguments = sys.argv[1:]
    if "create" in arguments and "--bundle" in arguments and not may_grant():
        config = Path(arguments[arguments.index("--bundle") + 1]) / "config.json"
        if without(config):
            with Path(log).open("a") as out:
                out.write(f"{CAPABILITY} was taken out of container {arguments[-1]}\n")
    os.execvp("runc", ["runc", *arguments])  # noqa: S606 (the arguments are containerd's)


def may_grant() -> bool:
    """Return whether this process could give the capability to another."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapBnd:"):
            return bool(int(line.split()[1], 16) & BIT)
    return False


def without(config: Path) -> bool:
    """Delete the one entry from every set of the file; return whether it was in any."""
    spec = json.loads(config.read_text())
    found = False
    for names in spec["process"].get("capabilities", {}).values():
        if CAPABILITY in names:
            names.remove(CAPABILITY)
            found = True
    if found:
        config.write_text(json.dumps(spec))
    return found


if __name__ == "__main__":
    main()
