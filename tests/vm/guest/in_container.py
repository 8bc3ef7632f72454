"""Inside a container with six capabilities: the eBPF probe, and a scan of a process outside.

usage: python -m tests.vm.guest.in_container PID TRUTH. Writes one line of JSON.
"""

from __future__ import annotations

import errno
import json
import re
import subprocess
import sys
from pathlib import Path

from probes.ebpf import EbpfProbe


def main() -> None:
    """Tell what could be done here, and with which rights."""
    pid, truth = sys.argv[1:]
    answer = {
        "capabilities": capabilities(),
        "root": refusal(Path("/written")),
        "cgroups": refusal(Path("/sys/fs/cgroup/written")),
        "own_pid_namespace": namespace("self") != namespace(pid),
        "own_mount_namespace": namespace("self", "mnt") != namespace(pid, "mnt"),
        "probe": probe(),
        "scanned": scan(pid),
        "truth": json.loads(truth),
    }
    print(json.dumps(answer))  # noqa: T201 - the answer


def capabilities() -> dict[str, int]:
    """Each set of our own that /proc tells (proc(5))."""
    text = Path("/proc/self/status").read_text()
    found = re.findall(r"^(Cap\w+):\s*(\w+)$", text, re.MULTILINE)
    return {name: int(value, 16) for name, value in found}


def namespace(pid: str, kind: str = "pid") -> str:
    """What tells one namespace from another."""
    return str(Path(f"/proc/{pid}/ns/{kind}").readlink())


def refusal(folder: Path) -> str | None:
    """How a new folder is refused, None when it is not."""
    try:
        folder.mkdir()
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return None


def probe() -> list[str] | None:
    """What is missing for the probe: it starts, and its own child arrives; None: nothing."""
    missing = EbpfProbe().check()
    return [missing.what, missing.fix] if missing else None


def scan(pid: str) -> list[str]:
    """Package URLs, aliases too, of what the sensor's own command finds loaded in a process."""
    command = [sys.executable, "-m", "sensor.cli", "scan", "--pid", pid, "--format", "ndjson"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    facts = [json.loads(line) for line in done.stdout.splitlines()]
    loaded = [fact for fact in facts if fact["type"] == "package" and fact["state"] == "loaded"]
    return [purl for fact in loaded for purl in (fact["purl"], *fact.get("aliases", ()))]


if __name__ == "__main__":
    main()
