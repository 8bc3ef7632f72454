"""A storm of programs that start and end, in a cgroup of its own; and what a probe tells of it.

As a program: `storm.py PROGRAM COUNT RATE` waits for a line, then starts PROGRAM COUNT times, RATE
times a second as far as the machine can, waits for each, and writes pids and seconds as JSON.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from probes.event import Event
    from probes.probe import Probe
    from tests.support.cgroup import Cgroup

# Events come within a second; a machine that emulates another one or is busy takes its time.
WAIT_SECONDS = 60
AT_ONCE = 1000
AS_FAST_AS_CAN_BE = 1_000_000


@dataclass(slots=True)
class Told:
    """The storm as it was, and the events of its cgroup. Events of others are not kept."""

    cgroup: int
    pids: list[int] = field(default_factory=list)
    rate: float = 0
    execs: list[Event] = field(default_factory=list)
    exits: list[Event] = field(default_factory=list)

    def hear(self, event: Event) -> None:
        """Keep the event if it is the storm's own."""
        if event.cgroup_id == self.cgroup:
            (self.execs if event.kind.value == "exec" else self.exits).append(event)

    def end(self, storm: subprocess.Popen[bytes]) -> None:
        """Read what the storm says of itself, and wait for its end."""
        assert storm.stdout is not None
        answer = json.loads(storm.stdout.read())
        self.pids, self.rate = answer["pids"], len(answer["pids"]) / answer["seconds"]
        storm.wait()

    def whole(self) -> bool:
        """Whether all have come: the storm's own program starts outside, and ends inside."""
        return len(self.execs) >= len(self.pids) and len(self.exits) > len(self.pids)


def run(probe: Probe, cgroup: Cgroup, program: Path, count: int, rate: float) -> Told:
    """Let a storm go while draining; return when all of it has come, or at the deadline."""
    told = Told(cgroup.id)
    with start(cgroup, program, count, rate) as storm:
        assert storm.stdout is not None
        while not select.select([storm.stdout], [], [], 0)[0]:
            drain(probe, told)
        told.end(storm)
    deadline = time.monotonic() + WAIT_SECONDS
    while not told.whole() and time.monotonic() < deadline:
        drain(probe, told)
    return told


def blind(probe: Probe, cgroup: Cgroup, program: Path, count: int) -> Told:
    """Let a storm pass by, and drain once when it is over."""
    told = Told(cgroup.id)
    with start(cgroup, program, count, rate=AS_FAST_AS_CAN_BE) as storm:
        told.end(storm)
    drain(probe, told)
    return told


def start(cgroup: Cgroup, program: Path, count: int, rate: float) -> subprocess.Popen[bytes]:
    """Start a storm inside the cgroup."""
    words = [sys.executable, __file__, str(program), str(count), str(rate)]
    storm = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert storm.stdin is not None
    cgroup.put(storm.pid)
    storm.stdin.write(b"\n")
    storm.stdin.close()
    return storm


def drain(probe: Probe, told: Told) -> None:
    """Wait until it is time, as the contract of probes says, and take everything."""
    select.select([probe.fileno()], [], [], 1)
    while probe.drain(told.hear, AT_ONCE) == AT_ONCE:
        pass


def main() -> None:
    """Start them, each at its time counted from the first."""
    program, count, rate = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    sys.stdin.readline()
    begin, pids = time.monotonic(), list[int]()
    for index in range(count):
        left = begin + index / rate - time.monotonic()
        if left > 0:
            time.sleep(left)
        pids.append(os.posix_spawn(program, [program], {}))
        reap(os.WNOHANG)
    reap(0)
    json.dump({"pids": pids, "seconds": time.monotonic() - begin}, sys.stdout)


def reap(options: int) -> None:
    """Wait for those that have ended; without WNOHANG for all."""
    try:
        while os.waitpid(-1, options)[0]:
            pass
    except ChildProcessError:  # none is left
        return


if __name__ == "__main__":
    main()
