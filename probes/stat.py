"""One line of /proc/PID/stat: when a process started, and whether it still runs which program."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
# 52 numbers and a name of at most 64 bytes take 400.
MAX_BYTES = 2048
# include/linux/sched.h
_PF_KTHREAD = 0x00200000
# Fields of proc_pid_stat(5), counted from the state, which comes behind the name: 3 there, 0 here.
_STATE, _FLAGS, _START, _START_CODE, _START_STACK = 0, 6, 19, 23, 25
# X and x: dead; Z: a zombie, which has no memory any more.
_ENDED = frozenset("ZXx")


class Stat(NamedTuple):
    """A process at one moment.

    `start_ticks` is when it started, in clock ticks since boot. `program` changes with an exec: the
    addresses of its code and of its stack, which the kernel shows to those who may trace the
    process, else its name, which a program can change by itself. `alive`: not a zombie.
    """

    start_ticks: int
    program: str
    alive: bool
    kernel: bool


def read(pid: int, proc: Path = PROC) -> Stat | None:
    """Return the state of a process, None when there is none (or none that we may see)."""
    try:
        descriptor = os.open(f"{proc}/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return None
    try:
        return parse(os.read(descriptor, MAX_BYTES))
    except ProcessLookupError:  # it ended after it was opened
        return None
    finally:
        os.close(descriptor)


def parse(text: bytes) -> Stat:
    """Return what a line says. The name is in parentheses, and may have any bytes inside."""
    name, _, rest = text.decode("latin-1").rpartition(")")
    fields = rest.split()
    places = f"{fields[_START_CODE]} {fields[_START_STACK]}"
    shown = int(fields[_START_STACK]) != 0
    return Stat(
        start_ticks=int(fields[_START]),
        program=places if shown else name.partition("(")[2],
        alive=fields[_STATE] not in _ENDED,
        kernel=bool(int(fields[_FLAGS]) & _PF_KTHREAD),
    )
