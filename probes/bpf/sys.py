"""The system calls that Python does not have: the only use of ctypes in the probes.

Knows the form of each call, and nothing of what it is for. Layouts: union bpf_attr in
include/uapi/linux/bpf.h; a call passes exactly the bytes that it fills, which is what a kernel
older than the header expects.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import struct

# arch/x86/entry/syscalls/syscall_64.tbl; include/uapi/asm-generic/unistd.h for arm64.
_BPF_NUMBERS = {"x86_64": 321, "aarch64": 280}
_MAP_CREATE, _MAP_UPDATE_ELEM, _PROG_LOAD = 0, 2, 5
_OBJ_GET_INFO_BY_FD, _RAW_TRACEPOINT_OPEN, _MAP_FREEZE = 15, 17, 22
# BPF_OBJ_NAME_LEN, with its NUL.
_NAME_BYTES = 16
# struct bpf_prog_info: recursion_misses follows run_time_ns and run_cnt, from 5.12 on.
_MISSES_OFFSET = 208
_INFO_BYTES = 232
# struct bpf_insn.
_INSTRUCTION_BYTES = 8
_TFD_NONBLOCK, _TFD_CLOEXEC = os.O_NONBLOCK, os.O_CLOEXEC
_NANOSECONDS = 1_000_000_000

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_libc.timerfd_settime.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p]


def map_create(kind: int, sizes: tuple[int, int, int], flags: int, name: str) -> int:
    """Make a map; `sizes` are bytes of a key, bytes of a value, and entries. Returns a descriptor.

    Raises OSError.
    """
    attributes = struct.pack("=IIIIIII16s", kind, *sizes, flags, 0, 0, _name(name))
    return _bpf(_MAP_CREATE, attributes)


def map_update(descriptor: int, key: bytes, value: bytes) -> None:
    """Write one element. The lengths are the map's. Raises OSError."""
    keep = ctypes.create_string_buffer(key, len(key)), ctypes.create_string_buffer(value)
    pointers = [ctypes.addressof(buffer) for buffer in keep]
    _bpf(_MAP_UPDATE_ELEM, struct.pack("=I4xQQQ", descriptor, *pointers, 0))


def map_freeze(descriptor: int) -> None:
    """Forbid user space to write the map from now on. Raises OSError."""
    _bpf(_MAP_FREEZE, struct.pack("=I", descriptor))


def prog_load(kind: int, code: bytes, license_: bytes, name: str, log: bytearray) -> int:
    """Load a program; return its descriptor. The verifier writes what it thinks into `log`.

    With an empty log it says nothing, and is faster. Raises OSError.
    """
    text = (ctypes.c_char * len(log)).from_buffer(log)
    keep = ctypes.create_string_buffer(code, len(code)), ctypes.create_string_buffer(license_)
    pointers = [ctypes.addressof(buffer) for buffer in keep]
    level, address = (1, ctypes.addressof(text)) if log else (0, 0)
    attributes = struct.pack(
        "=IIQQIIQII16s",
        *(kind, len(code) // _INSTRUCTION_BYTES, *pointers),
        *(level, len(log), address, 0, 0, _name(name)),
    )
    return _bpf(_PROG_LOAD, attributes)


def raw_tracepoint_open(name: str, program: int) -> int:
    """Attach a program to a raw tracepoint; the returned descriptor keeps it there.

    Raises OSError: ENOENT when the kernel has no such tracepoint.
    """
    text = ctypes.create_string_buffer(name.encode())
    return _bpf(_RAW_TRACEPOINT_OPEN, struct.pack("=QI4x", ctypes.addressof(text), program))


def prog_misses(program: int) -> int:
    """Return how often the program did not run because it was running already on its processor.

    Counted from 5.12 on; 0 before. Raises OSError.
    """
    info = ctypes.create_string_buffer(_INFO_BYTES)
    attributes = struct.pack("=IIQ", program, _INFO_BYTES, ctypes.addressof(info))
    _bpf(_OBJ_GET_INFO_BY_FD, attributes)
    return int(struct.unpack_from("=Q", info.raw, _MISSES_OFFSET)[0])


def raise_memlock() -> bool:
    """Lift the limit of locked memory of this process; return whether that was allowed."""
    unlimited = resource.RLIM_INFINITY
    try:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (unlimited, unlimited))
    except (ValueError, OSError):  # ValueError is what `resource` makes of EPERM
        return resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == unlimited
    return True


def timer_create(seconds: float) -> int:
    """Return a descriptor (non-blocking) that becomes readable every so many seconds.

    timerfd_create(2) on CLOCK_MONOTONIC; Python has it from 3.13 on. Raises OSError.
    """
    descriptor = int(_libc.timerfd_create(1, _TFD_NONBLOCK | _TFD_CLOEXEC))
    if descriptor < 0:
        raise _error("timerfd_create")
    whole, rest = divmod(round(seconds * _NANOSECONDS), _NANOSECONDS)
    if _libc.timerfd_settime(descriptor, 0, struct.pack("@llll", whole, rest, whole, rest), None):
        error = _error("timerfd_settime")
        os.close(descriptor)
        raise error
    return descriptor


def _bpf(command: int, attributes: bytes) -> int:
    number = _BPF_NUMBERS.get(os.uname().machine)
    if number is None:
        raise OSError(errno.ENOSYS, f"no bpf(2) is known for {os.uname().machine}")
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    result = int(
        _libc.syscall(
            ctypes.c_long(number), ctypes.c_int(command), buffer, ctypes.c_uint(len(attributes))
        )
    )
    if result < 0:
        raise _error(f"bpf command {command}")
    return result


def _error(what: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, f"{what}: {os.strerror(number)}")


def _name(name: str) -> bytes:
    """The kernel takes letters, digits, dots and underscores, and the last byte must be NUL."""
    return name.encode()[: _NAME_BYTES - 1]
