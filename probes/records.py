"""The records of ebpf_prebuilt/src/process.bpf.c → events. Pure: bytes in, words out."""

from __future__ import annotations

import os
import struct
from typing import NamedTuple

from probes.errors import Malformed
from probes.event import Event, Kind

# struct record, in the byte order of both architectures.
HEAD = struct.Struct("<IIQQQQIIIHBB")
EXEC, EXIT = 1, 2
NAMES_CUT, NAMES_MORE, PATH_CUT, PID_FOREIGN, NO_CGROUP = 1, 2, 4, 8, 16
# The kernel's dev_t (include/linux/kdev_t.h) is not that of user space: 20 bits are the minor.
_MINOR_BITS = 20
_NANOSECONDS = 1_000_000_000


class Clock(NamedTuple):
    """What nanoseconds since boot mean: ticks in a second, and the time of boot since the epoch."""

    ticks: int
    booted: float


class _Head(NamedTuple):
    kind: int
    length: int
    cgroup: int
    start: int
    at: int
    inode: int
    device: int
    pid: int
    mount_ns: int
    names_length: int
    levels: int
    flags: int


def event(record: bytes, clock: Clock) -> Event:
    """Return the event of one record. Raises Malformed."""
    if len(record) < HEAD.size:
        raise Malformed(f"a record of {len(record)} bytes")
    head = _Head(*HEAD.unpack_from(record))
    if HEAD.size + head.length > len(record) or head.names_length > head.length:
        raise Malformed(f"a record of {len(record)} bytes with {head.length} bytes of text")
    if head.kind == EXIT:
        return _exit(head, clock)
    if head.kind != EXEC:
        raise Malformed(f"a record of kind {head.kind}")
    return _exec(head, record[HEAD.size : HEAD.size + head.length], clock)


def _exit(head: _Head, clock: Clock) -> Event:
    return Event(
        kind=Kind.EXIT,
        pid=_pid(head),
        start_ticks=_ticks(head, clock),
        cgroup_id=_cgroup(head),
        at=_time(head, clock),
    )


def _exec(head: _Head, text: bytes, clock: Clock) -> Event:
    return Event(
        kind=Kind.EXEC,
        pid=_pid(head),
        start_ticks=_ticks(head, clock),
        cgroup_id=_cgroup(head),
        cgroup_names=_names(head, text[: head.names_length]),
        mount_ns=head.mount_ns or None,
        path=_path(head, text[head.names_length :]),
        dev=f"{head.device >> _MINOR_BITS:02x}:{head.device & ((1 << _MINOR_BITS) - 1):02x}",
        inode=head.inode,
        at=_time(head, clock),
    )


def _pid(head: _Head) -> int | None:
    return None if head.flags & PID_FOREIGN else head.pid


def _cgroup(head: _Head) -> int | None:
    return None if head.flags & NO_CGROUP else head.cgroup


def _ticks(head: _Head, clock: Clock) -> int:
    """As the kernel does it for /proc/PID/stat: nsec_to_clock_t() in kernel/time/time.c."""
    return head.start // (_NANOSECONDS // clock.ticks)


def _time(head: _Head, clock: Clock) -> float:
    return clock.booted + head.at / _NANOSECONDS


def _names(head: _Head, text: bytes) -> tuple[str, ...] | None:
    """None for names that are not whole: half a name could be another's."""
    parts = _parts(text)
    if head.flags & (NAMES_CUT | NO_CGROUP) or len(parts) != head.levels:
        return None
    return tuple(os.fsdecode(part) for part in parts)


def _path(head: _Head, text: bytes) -> str | None:
    """None for a path that is not whole, and for a file without one (memfd)."""
    parts = _parts(text)
    if head.flags & PATH_CUT or not parts:
        return None
    return os.fsdecode(b"/" + b"/".join(reversed(parts)))


def _parts(text: bytes) -> list[bytes]:
    return text.split(b"\0")[:-1]
