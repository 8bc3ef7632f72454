"""The eBPF probe on the kernel of this machine, with six capabilities only; JSON on one line.

usage: python -m tests.vm.guest.kernel_events. It starts itself again with fewer rights.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from probes.ebpf import EbpfProbe
from tests.support import rooted, smallest, storm
from tests.support.cgroup import Cgroup, mount
from tests.vm.guest.sixcaps import SIX, become

if TYPE_CHECKING:
    from probes.event import Event

WORDS = ["python3", "-m", "tests.vm.guest.kernel_events"]
# An emulated processor starts a few hundred a second.
PROGRAMS = 400
PER_SECOND = 2000
ONE_PAGE = 4096
# What containers are given by default.
LITTLE_MEMLOCK = 64 << 10


def main() -> None:
    """Ask what needs all rights, then go on with the six."""
    match sys.argv[1:]:
        case []:
            # The root of a hierarchy is writable only with a capability that is not of the six.
            mount().chmod(0o755)
            told = {"overlay": overlaid(), "with_little_memory": missing_with_little_memory()}
            become([*WORDS, "six", json.dumps(told)], SIX.values())
        case ["six", told]:
            tell({"whole": whole(), "small": small(), **json.loads(told)})
        case ["check"]:
            missing = EbpfProbe().check()
            tell(missing and [missing.what, missing.fix])
        case ["little-memory"]:
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (LITTLE_MEMLOCK, LITTLE_MEMLOCK))
            become([*WORDS, "check"], set(SIX.values()) - {SIX["SYS_RESOURCE"]})


def missing_with_little_memory() -> object:
    """What a check says under a container's limit of locked memory, and no right to lift it."""
    return json.loads(subprocess.check_output([*WORDS, "little-memory"]))


def tell(answer: object) -> None:
    print(json.dumps(answer))  # noqa: T201 - the answer


def overlaid() -> dict[str, object]:
    """The program of an overlay: what its exec said, and what its maps show."""
    folder = Path("/tmp/overlaid")  # noqa: S108 - the machine is ours alone
    lower = folder / "lower"
    lower.mkdir(parents=True)
    smallest.write(lower / "waits", waits=True)
    probe = EbpfProbe()
    probe.start()
    commands = rooted.overlay(folder / "root", lower, folder / "work")
    with rooted.running(folder / "root", "/waits", *commands) as child:
        device, inode = rooted.becomes(child, "waits")
    event = rooted.last_exec(probe, child)
    probe.close()
    return {
        "path": event.path,
        "inodes": [event.inode, inode],
        "same_device": event.dev == device,
    }


def whole() -> dict[str, object]:
    """A storm, and whether each of its programs came with all that belongs to it."""
    program = smallest.write(Path("/tmp/smallest"))  # noqa: S108 - the machine is ours alone
    probe = EbpfProbe()
    begin = time.monotonic()
    probe.start()
    started = time.monotonic() - begin
    with Cgroup("whole") as cgroup:
        told = storm.run(probe, cgroup, program, PROGRAMS, PER_SECOND)

        def is_right(event: Event) -> bool:
            return (event.path, event.cgroup_names) == (str(program), cgroup.names)

        answer: dict[str, object] = {
            "rate": round(told.rate),
            "start_seconds": round(started, 1),
            "each_once": Counter(event.pid for event in told.execs) == Counter(told.pids),
            "right": sum(map(is_right, told.execs)),
            "ends": len(told.exits),
            "lost": probe.lost(),
        }
    probe.close()
    return answer


def small() -> dict[str, int]:
    """The same with a ring of one page, which nobody drains."""
    probe = EbpfProbe(ring_bytes=ONE_PAGE)
    probe.start()
    with Cgroup("small") as cgroup:
        told = storm.blind(probe, cgroup, Path("/tmp/smallest"), 200)  # noqa: S108 - as above
    answer = {"told": len(told.execs) + len(told.exits), "lost": probe.lost()}
    probe.close()
    return answer


if __name__ == "__main__":
    main()
