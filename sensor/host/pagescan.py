"""Which pages of a large area are present, in one call: PAGEMAP_SCAN of /proc/PID/pagemap (6.7).

A process may reserve terabytes and use megabytes. The kernel passes over a hole at once (1 TiB in
50 µs, measured), where reading the page map entry by entry takes a second.
"""

from __future__ import annotations

import errno
import fcntl
import struct
from array import array
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.model.budget import Meter

# include/uapi/linux/fs.h: _IOWR('f', 16, struct pm_scan_arg), PAGE_IS_PRESENT; a page_region is
# start, end, categories.
_PAGEMAP_SCAN: Final = 0xC0606610
_PRESENT: Final = 1 << 3
_ARGUMENT: Final = struct.Struct("<12Q")
_WALK_END: Final = 4
_REGION: Final = 3
# Regions of one call.
_REGIONS: Final = 1024


class Unsupported(Exception):
    """The kernel has no such call, or not for this area."""


def scan(fd: int, start: int, end: int, meter: Meter) -> Iterator[tuple[int, int]]:
    """The present areas (start, end) of whole pages between two addresses, ascending.

    Raises Unsupported, and ProcessLookupError when the process is gone.
    """
    regions = array("Q", bytes(_REGIONS * _REGION * 8))
    vector = regions.buffer_info()[0]
    while start < end:
        meter.charge(0)
        argument = bytearray(
            _ARGUMENT.pack(
                *(_ARGUMENT.size, 0, start, end, 0),
                *(vector, _REGIONS, 0),
                *(0, _PRESENT, 0, _PRESENT),
            )
        )
        found = _ask(fd, argument)
        for index in range(0, found * _REGION, _REGION):
            yield regions[index], regions[index + 1]
        start = _ARGUMENT.unpack(argument)[_WALK_END]


def _ask(fd: int, argument: bytearray) -> int:
    try:
        return int(fcntl.ioctl(fd, _PAGEMAP_SCAN, argument, True))
    except OSError as error:
        if error.errno in {errno.ENOTTY, errno.EINVAL, errno.EFAULT}:
            raise Unsupported from error
        raise
