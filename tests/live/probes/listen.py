"""A sensor in a place of its own (namespaces, capabilities): what it hears of one cgroup.

usage: python -m tests.live.probes.listen CGROUP-ID COUNT. Writes "ready" when it listens, and after
COUNT programs have started there the pids that it was told, as JSON. Instead of that, what is
missing.
"""

from __future__ import annotations

import json
import select
import sys
from typing import TYPE_CHECKING

from probes.ebpf import EbpfProbe
from probes.errors import ProbeError
from probes.event import Kind

if TYPE_CHECKING:
    from probes.event import Event


def main() -> None:
    """Listen."""
    cgroup, count = int(sys.argv[1]), int(sys.argv[2])
    probe = EbpfProbe()
    try:
        probe.start()
    except ProbeError as error:
        say({"error": type(error).__name__, "text": str(error), "help": error.help})
        return
    say("ready")
    pids: list[int | None] = []

    def hear(event: Event) -> None:
        if event.cgroup_id == cgroup and event.kind is Kind.EXEC:
            pids.append(event.pid)

    while len(pids) < count:
        select.select([probe.fileno()], [], [], 1)
        probe.drain(hear, 1000)
    probe.close()
    say(pids)


def say(answer: object) -> None:
    """Write one line."""
    print(json.dumps(answer), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
