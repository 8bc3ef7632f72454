"""Starts a program as a pod's runtime would start the sensor: uid 0, with six capabilities only.

usage: python -m tests.vm.guest.sixcaps PROGRAM [ARGUMENT...]
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Collection

# include/uapi/linux/capability.h
SIX = {"NET_ADMIN": 12, "SYS_PTRACE": 19, "SYS_RESOURCE": 24, "DAC_READ_SEARCH": 2}
SIX |= {"PERFMON": 38, "BPF": 39}
# include/uapi/linux/prctl.h
PR_CAPBSET_READ = 23
PR_CAPBSET_DROP = 24
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4


def main() -> None:
    """Start it with the six."""
    become(sys.argv[1:], SIX.values())


def become(words: list[str], kept: Collection[int]) -> NoReturn:
    """Drop the rest from the bounding set: the exec of uid 0 then has no more than that."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    for capability in range(last + 1):
        if capability not in kept and libc.prctl(PR_CAPBSET_READ, capability) == 1:
            assert libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0, ctypes.get_errno()
    os.execvp(words[0], words)  # noqa: S606 - that is its purpose


if __name__ == "__main__":
    main()
