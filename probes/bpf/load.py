"""Spec → kernel: makes maps, loads programs, attaches them. The only part that needs rights.

Errors of the kernel become words with a next step; which capability is missing is asked of
/proc/self/status, and never guessed from the errno alone.
"""

from __future__ import annotations

import errno
import os
import re
import struct
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from probes.bpf import core, sys
from probes.bpf.btf import Btf
from probes.bpf.loaded import LOG_TAIL, Loaded
from probes.bpf.spec import RODATA, Map, Program, Spec
from probes.errors import (
    KernelLacks,
    MemlockLimit,
    NotPermitted,
    ProbeError,
    ProgramRefused,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

KERNEL_TYPES = Path("/sys/kernel/btf/vmlinux")
# include/uapi/linux/bpf.h
_MAP_TYPE_ARRAY, _F_RDONLY_PROG = 2, 1 << 7
_PROG_TYPE_RAW_TRACEPOINT = 17
_PSEUDO_MAP_FD, _PSEUDO_MAP_VALUE = 1, 2
# include/uapi/linux/capability.h; either SYS_ADMIN or both of the others is enough.
_SYS_ADMIN, _PERFMON, _BPF = 21, 38, 39
# The verifier's log of a refused program can be long.
LOG_BYTES = 1 << 20


def fit(spec: Spec, types: Btf) -> Spec:
    """Return the spec relocated for the running kernel. Raises KernelLacks, Malformed."""
    try:
        data = KERNEL_TYPES.read_bytes()
    except FileNotFoundError:
        raise KernelLacks(f"{KERNEL_TYPES} is missing: no types to go by") from None
    return core.relocate(spec, types, Btf(data, core.wanted(spec, types)))


def load(spec: Spec) -> Loaded:
    """Make everything and attach every program. Raises ProbeError, and then leaves nothing."""
    lifted = sys.raise_memlock()
    loaded = Loaded()
    with ExitStack() as undo:
        undo.callback(loaded.close)
        for each in spec.maps:
            loaded.maps[each.name] = _make_map(each, lifted=lifted)
        loaded.maps[RODATA] = _make_constants(spec, lifted=lifted)
        for program in spec.programs:
            code = with_maps(program, loaded.maps)
            loaded.programs[program.name] = _load(program.name, code, spec.license, lifted=lifted)
        for program in spec.programs:
            descriptor = loaded.programs[program.name]
            loaded.links[program.name] = _attach(program.tracepoint, descriptor)
        undo.pop_all()
    return loaded


def with_maps(program: Program, maps: Mapping[str, int]) -> bytes:
    """Return the code of a program with the descriptors of its maps filled in."""
    code = bytearray(program.code)
    for reference in program.references:
        kind = _PSEUDO_MAP_FD if reference.value is None else _PSEUDO_MAP_VALUE
        code[reference.offset + 1] = (code[reference.offset + 1] & 0x0F) | kind << 4
        struct.pack_into("<i", code, reference.offset + 4, maps[reference.map])
        struct.pack_into("<i", code, reference.offset + 12, reference.value or 0)
    return bytes(code)


def _make_map(each: Map, *, lifted: bool) -> int:
    try:
        sizes = each.key, each.value, each.entries
        return sys.map_create(each.kind, sizes, each.flags, each.name)
    except OSError as error:
        raise _explained(error, f"map {each.name}", lifted=lifted) from error


def _make_constants(spec: Spec, *, lifted: bool) -> int:
    """The map of the settings, frozen: then the verifier takes them for constants."""
    constants = Map(RODATA, _MAP_TYPE_ARRAY, 4, len(spec.rodata), 1, _F_RDONLY_PROG)
    descriptor = _make_map(constants, lifted=lifted)
    try:
        sys.map_update(descriptor, bytes(4), spec.rodata)
        sys.map_freeze(descriptor)
    except OSError as error:
        os.close(descriptor)
        raise _explained(error, "the settings", lifted=lifted) from error
    return descriptor


def _load(name: str, code: bytes, license_: bytes, *, lifted: bool) -> int:
    kind = _PROG_TYPE_RAW_TRACEPOINT
    try:
        return sys.prog_load(kind, code, license_, name, bytearray())
    except OSError as error:
        if error.errno == errno.EPERM:
            raise _explained(error, f"program {name}", lifted=lifted) from error
        refused = error
    # Again, and this time the verifier tells why: that takes memory and time.
    log = bytearray(LOG_BYTES)
    try:
        return sys.prog_load(kind, code, license_, name, log)
    except OSError:
        text = bytes(log).rstrip(b"\0").decode(errors="replace")
        why = f"program {name}: {os.strerror(refused.errno or 0)}: {reason_of(text)}"
        raise ProgramRefused(why, text[-LOG_TAIL:]) from refused


def reason_of(log: str) -> str:
    """Return the line of a verifier's log that says why: the last one before its statistics."""
    lines = [line for line in log.splitlines() if line and not line.startswith("processed ")]
    return lines[-1] if lines else "no log"


def _attach(tracepoint: str, program: int) -> int:
    try:
        return sys.raw_tracepoint_open(tracepoint, program)
    except OSError as error:
        if error.errno == errno.ENOENT:
            raise KernelLacks(f"no tracepoint {tracepoint} in this kernel") from error
        raise _explained(error, f"tracepoint {tracepoint}", lifted=True) from error


def _explained(error: OSError, what: str, *, lifted: bool) -> ProbeError:
    text = f"{what}: {os.strerror(error.errno or 0)}"
    if error.errno in {errno.EPERM, errno.EACCES}:
        if missing := _missing_capabilities():
            return NotPermitted(f"{text}; this process has not got {missing}")
        return NotPermitted(text) if lifted else MemlockLimit(text)
    if error.errno in {errno.EINVAL, errno.ENOSYS}:
        return KernelLacks(text)
    return ProbeError(text)


def _missing_capabilities() -> str:
    """The capabilities without which bpf(2) refuses, as words; empty when all are there."""
    found = re.search(r"^CapEff:\s*(\w+)$", Path("/proc/self/status").read_text(), re.MULTILINE)
    mask = int(found[1], 16) if found else 0
    if mask >> _SYS_ADMIN & 1:
        return ""
    names = {"BPF": _BPF, "PERFMON": _PERFMON}
    return " and ".join(name for name, number in names.items() if not mask >> number & 1)
