"""The smallest programs there can be, written byte by byte: one ends at once, one waits for ever.

They need neither a compiler nor a library.
"""

from __future__ import annotations

import platform
import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_BASE = 0x400000


class Machine(NamedTuple):
    """e_machine of elf(5), the code of exit(0), and code that sleeps until a signal ends it."""

    number: int
    end: bytes
    wait: bytes


MACHINES = {
    # mov eax, 60; xor edi, edi; syscall, and pause()
    "x86_64": Machine(62, bytes.fromhex("b83c000000 31ff 0f05"), bytes.fromhex("b822000000 0f05")),
    # mov x8, #93; mov x0, #0; svc #0, and ppoll(0, 0, 0, 0)
    "aarch64": Machine(
        183,
        bytes.fromhex("a80b80d2 000080d2 010000d4"),
        bytes.fromhex("280980d2 000080d2 010080d2 020080d2 030080d2 010000d4"),
    ),
}


def write(path: Path, *, waits: bool = False) -> Path:
    """Write the one that ends, or that waits, for this machine; make it executable."""
    machine = MACHINES[platform.machine()]
    path.write_bytes(program(machine.number, machine.wait if waits else machine.end))
    path.chmod(0o755)
    return path


def program(machine: int, code: bytes) -> bytes:
    """One ELF header, one program header that maps all of it, and the code."""
    size = 64 + 56 + len(code)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH",
        *(b"\x7fELF\x02\x01\x01", 2, machine, 1, _BASE + 120, 64, 0, 0),
        *(64, 56, 1, 0, 0, 0),
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE, _BASE, size, size, 0x1000)
    return header + segment + code
