"""The system calls that Python does not have: the only use of ctypes."""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import struct
from enum import IntFlag

# asm-generic/unistd.h; the same number on amd64, arm64 and all newer architectures.
_SYS_OPENAT2 = 437
# A path that is being renamed answers EAGAIN each time; the caller then walks it itself.
_TRIES = 8
_PROT_NONE = 0
_MAP_PRIVATE = 2
_MAP_FAILED = ctypes.c_void_p(-1).value

_libc = ctypes.CDLL(None, use_errno=True)
_syscall = _libc.syscall
_syscall.restype = ctypes.c_long
_mmap = _libc.mmap
_mmap.restype = ctypes.c_void_p
_mmap.argtypes = [
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_long,
]
_munmap = _libc.munmap
_munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


class Resolve(IntFlag):
    """How openat2 walks a path (include/uapi/linux/openat2.h)."""

    NO_XDEV = 0x01
    NO_MAGICLINKS = 0x02
    BENEATH = 0x08
    IN_ROOT = 0x10


def openat2(directory: int, path: bytes, flags: int, resolve: int) -> int:
    """Open a path below the descriptor of a directory; descriptors are closed on exec.

    Raises OSError: EXDEV when the path leaves what `resolve` allows, EAGAIN when it keeps changing.
    """
    how = struct.pack("<QQQ", flags | os.O_CLOEXEC, 0, resolve)
    for _ in range(_TRIES):
        fd: int = _syscall(
            ctypes.c_long(_SYS_OPENAT2),
            ctypes.c_long(directory),
            ctypes.c_char_p(path),
            ctypes.c_char_p(how),
            ctypes.c_size_t(len(how)),
        )
        if fd >= 0:
            return fd
        if ctypes.get_errno() != errno.EAGAIN:
            break
    raise _error(path)


@functools.cache
def has_openat2() -> bool:
    """Whether the kernel has it (5.6) and no filter forbids it. Old container runtimes do."""
    try:
        os.close(openat2(_AT_FDCWD, b".", os.O_PATH, 0))
    except OSError:
        return False
    return True


_AT_FDCWD = -100


def map_page(fd: int) -> int:
    """Map the first page of a file without any right to touch it: its address. Raises OSError."""
    address: int | None = _mmap(None, _PAGE, _PROT_NONE, _MAP_PRIVATE, fd, 0)
    if address is None or address == _MAP_FAILED:
        raise _error(b"mmap")
    return address


def unmap_page(address: int) -> None:
    """Undo `map_page`."""
    _munmap(address, _PAGE)


_PAGE = os.sysconf("SC_PAGE_SIZE")


def _error(path: bytes) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), path)
