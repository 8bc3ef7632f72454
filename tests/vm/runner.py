"""Boots a real kernel under qemu's software emulation, runs one command in it, returns its output.

No disk, no network, no root, never /dev/kvm (guests hang on it where it is itself virtual). The
machine is one process of ours with a deadline; nothing is left of it at the end.
"""

from __future__ import annotations

import json
import os
import secrets
import select
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fetch.vm import MODULES, RELEASE, USERLAND, VMLINUZ
from tests.vm.initramfs import Contents, write_initramfs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# An idle machine boots in 3 to 8 seconds; with other work on both cores three times as long.
SECONDS = 180
# What a machine uses is about 110 MiB besides its files, which lie in memory two times at first.
MEMORY_MIB = 768
# A failure is explained by the last lines of the console.
TAIL = 3000


@dataclass(frozen=True, slots=True)
class Emulator:
    """How qemu plays one architecture."""

    program: str
    machine: str
    cpu: str
    console: str


EMULATORS = {
    # "max" has a source of random numbers, without which the guest waits for entropy.
    "amd64": Emulator("qemu-system-x86_64", "pc", "max", "ttyS0"),
    # "max" would emulate pointer authentication, which is slow.
    "arm64": Emulator("qemu-system-aarch64", "virt,gic-version=3", "cortex-a72", "ttyAMA0"),
}


class GuestFailed(Exception):
    """The machine did not come to the end of its command; the text is the end of its console."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A kernel and a userland out of the toolbox (their folders), and how they are set up.

    `cgroup` is "v2", "v1" or "hybrid"; `modules` are loaded with all that they need; `memory_mib`
    must hold the userland twice. Two `processors` are two threads of the emulator: in one run
    of many both stood still for ever in what runc asks of the kernel.
    """

    kernel: Path
    userland: Path
    arch: str = "amd64"
    cgroup: str = "v2"
    modules: tuple[str, ...] = ()
    memory_mib: int = MEMORY_MIB
    processors: int = 2

    def missing(self) -> str | None:
        """Which program is not installed, None when all are."""
        needed = (EMULATORS[self.arch].program, "modprobe")
        return next((program for program in needed if shutil.which(program) is None), None)


@dataclass(frozen=True, slots=True)
class Result:
    """The exit status of the command, what it wrote (both streams), and seconds since power on."""

    status: int
    output: str
    seconds: float

    def answer(self) -> dict[str, Any]:
        """The JSON object of its last line; it went well."""
        assert self.status == 0, self.output
        found: dict[str, Any] = json.loads(self.output.splitlines()[-1])
        return found


def run(
    machine: Machine,
    command: Sequence[str],
    share: Mapping[str, Path],
    seconds: float = SECONDS,
) -> Result:
    """Boot, run the command as root in /share, power off. Raises GuestFailed.

    `share` maps paths to folders of ours, whose copies the command finds below /share.
    """
    mark = f"@@{secrets.token_hex(8)}"
    modules = module_files(machine.kernel, machine.modules)
    contents = Contents(machine.userland / USERLAND, modules, share, machine.cgroup, mark, command)
    with tempfile.TemporaryDirectory(prefix="runtime-sensor-vm-") as folder:
        initramfs = Path(folder, "initramfs")
        write_initramfs(initramfs, contents)
        begin = time.monotonic()
        console = _console(_qemu(machine, initramfs), f"{mark} end ", begin + seconds)
    return _result(console, mark, time.monotonic() - begin)


def module_files(kernel: Path, names: Sequence[str]) -> list[Path]:
    """The files of the modules and of all they need, in the order in which they can be loaded."""
    release = (kernel / RELEASE).read_text()
    found: dict[Path, None] = {}
    for name in names:
        command = ["modprobe", "--set-version", release, "--dirname", str(kernel / MODULES)]
        shown = subprocess.run(
            [*command, "--show-depends", name], capture_output=True, text=True, check=True
        ).stdout
        found |= {Path(line.split()[1]): None for line in shown.splitlines() if "insmod" in line}
    return list(found)


def _qemu(machine: Machine, initramfs: Path) -> list[str]:
    emulator = EMULATORS[machine.arch]
    append = f"console={emulator.console} quiet loglevel=1 panic=-1 mitigations=off"
    return [
        *(emulator.program, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
        *("-machine", emulator.machine, "-cpu", emulator.cpu, "-smp", str(machine.processors)),
        *("-accel", "tcg,thread=multi", "-m", str(machine.memory_mib)),
        *("-kernel", str(machine.kernel / VMLINUZ), "-initrd", str(initramfs)),
        *("-append", append, "-serial", "stdio"),
    ]


def _console(command: Sequence[str], end: str, deadline: float) -> str:
    """All that the machine writes, up to the line that begins with `end` or the deadline."""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as qemu:
        assert qemu.stdout is not None
        try:
            return _read_until(qemu.stdout.fileno(), end.encode(), deadline)
        finally:
            qemu.kill()


def _read_until(descriptor: int, end: bytes, deadline: float) -> str:
    said = bytearray()
    while end not in said or not said.endswith(b"\n"):
        left = max(0.0, deadline - time.monotonic())
        readable, _, _ = select.select([descriptor], [], [], left)
        piece = os.read(descriptor, 1 << 16) if readable else b""
        if not piece:
            break
        said += piece
    return said.decode(errors="replace")


def _result(console: str, mark: str, seconds: float) -> Result:
    _, started, rest = console.partition(f"{mark} start\n")
    output, ended, status = rest.partition(f"\n{mark} end ")
    if not started or not ended:
        raise GuestFailed(f"not at its end after {seconds:.0f} s: {console[-TAIL:]}")
    return Result(int(status.split()[0]), output, seconds)
