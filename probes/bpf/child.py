"""The loading child: a fresh interpreter that loads, attaches, hands over descriptors and ends.

What the kernel's types take (30 MB for a moment) goes back with it; the sensor itself never holds
them. Started by `handover`, which says what to load; answers one message on the socket it is given.
"""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from probes.bpf import load, spec
from probes.errors import Malformed, ProbeError, ProgramRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from probes.bpf.loaded import Loaded


def main() -> None:
    """Do what argv says: the number of a socket, and the order (`handover.Order`) as JSON."""
    with socket.socket(fileno=int(sys.argv[1])) as answer:
        try:
            loaded = _load(json.loads(sys.argv[2]))
        except ProbeError as error:
            log = error.log if isinstance(error, ProgramRefused) else ""
            told = {"error": type(error).__name__, "text": str(error), "log": log}
            answer.sendall(json.dumps(told).encode())
            return
        groups = {"maps": loaded.maps, "programs": loaded.programs, "links": loaded.links}
        names = {group: list(descriptors) for group, descriptors in groups.items()}
        descriptors = [each for group in groups.values() for each in group.values()]
        socket.send_fds(answer, [json.dumps(names).encode()], descriptors)


def _load(order: Mapping[str, object]) -> Loaded:
    try:
        data = Path(str(order["object"])).read_bytes()
    except OSError as error:
        raise Malformed(f"the BPF object cannot be read: {error}") from error
    wanted, types = spec.read(data)
    wanted = spec.with_settings(wanted, _numbers(order["settings"]))
    for name, entries in _numbers(order["entries"]).items():
        wanted = spec.with_entries(wanted, name, entries)
    return load.load(load.fit(wanted, types))


def _numbers(value: object) -> dict[str, int]:
    if not isinstance(value, dict):
        raise TypeError(f"not a table of numbers: {value!r}")
    return {str(name): int(number) for name, number in value.items()}
