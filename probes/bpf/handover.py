"""Lets a child load a BPF object, and takes over the descriptors (SCM_RIGHTS).

A fresh interpreter and not a fork: the sensor has threads, and a fork would copy its memory. What
only the child needs is not imported here.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

from probes import errors
from probes.bpf.loaded import LOG_TAIL, MOST_DESCRIPTORS, Loaded

# 0.13 s on an idle machine; forty times that on a tenth of a busy processor, and room.
LOAD_SECONDS = 60
# One message: names of maps and programs, or an error and the end of a verifier's log, in which
# each character may take 6 as JSON.
_ANSWER_BYTES = 6 * LOG_TAIL + 4096
# -I: not the environment's packages nor the current folder; -S: no site-packages, we need none.
_INTERPRETER = ("-I", "-S", "-c")
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from probes.bpf.child import main; main()"
)
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Order:
    """What to load: the object's file, its settings, and other sizes for some maps."""

    object: str
    settings: dict[str, int] = field(default_factory=dict)
    entries: dict[str, int] = field(default_factory=dict)


def load(order: Order, seconds: float = LOAD_SECONDS) -> Loaded:
    """Load and attach by a child that has ended when this returns. Raises ProbeError."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with its:
            child = _start(its, order)
        try:
            ours.settimeout(seconds)
            loaded = _answer(ours)
        except TimeoutError as error:
            raise errors.LoaderFailed(f"no answer after {seconds} s") from error
        finally:
            child.kill()
            child.wait()
    return loaded


def _start(its: socket.socket, order: Order) -> subprocess.Popen[bytes]:
    number = str(its.fileno())
    words = [*_INTERPRETER, _PROGRAM, str(_ROOT), number, json.dumps(asdict(order))]
    try:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
            [sys.executable, *words], stdin=subprocess.DEVNULL, pass_fds=[its.fileno()]
        )
    except OSError as error:
        raise errors.LoaderFailed(f"{sys.executable} does not start: {error}") from error


def _answer(ours: socket.socket) -> Loaded:
    message, descriptors, _, _ = socket.recv_fds(ours, _ANSWER_BYTES, MOST_DESCRIPTORS)
    if not message:
        raise errors.LoaderFailed("it ended without an answer")
    told = json.loads(message)
    if "error" in told:
        raise _error(told)
    left = iter(descriptors)
    groups = {group: {name: next(left) for name in names} for group, names in told.items()}
    return Loaded(**groups)


def _error(told: dict[str, str]) -> errors.ProbeError:
    kind: type[errors.ProbeError] = getattr(errors, told["error"])
    if kind is errors.ProgramRefused:
        return errors.ProgramRefused(told["text"], told["log"])
    return kind(told["text"])
