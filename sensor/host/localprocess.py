"""One process of this machine, read through descriptors and never disturbed.

Everything hangs on a descriptor of /proc/PID, which stays with one life of the process even when
its pid is used again. Nothing here stops, signals or writes to a process, and its environment is
never read.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

from sensor.closing import Closing
from sensor.errors import BudgetSpent, ProcessGone
from sensor.formats.pathtext import to_text
from sensor.host.arguments import parse_arguments
from sensor.host.files import LocalFiles
from sensor.host.memory import Memory
from sensor.host.memorygap import explain
from sensor.host.pagemap import PAGE, PageMap
from sensor.host.procfs import DELETED, Stat, lines_with, parse_maps, seen_from
from sensor.host.procread import (
    kernel_says,
    open_named,
    read_all,
    read_descriptors,
    read_named,
    read_stat,
)
from sensor.host.root import Root
from sensor.model.budget import Meter
from sensor.model.process import Arguments, Descriptor, Mapping, ProcessKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.formats.source import Range

# 65,530 mappings are the kernel's usual limit (vm.max_map_count), up to 8 MiB with long names;
# parsing them takes 0.2 s.
MAX_MAPS: Final = 16 << 20
# Class paths of large Java programs reach 100 KB.
MAX_ARGUMENTS: Final = 1 << 20
# Above are addresses of the kernel: [vsyscall].
_USER_END: Final = 1 << 63


class LocalProcess(Closing):
    """A `seam.Process`. The mappings are read when it is opened, the rest when it is asked for."""

    def __init__(self, key: ProcessKey, directory: int, our_user_ns: str) -> None:
        """Own `directory`, a descriptor of /proc/PID. Raises OSError and ProcessGone."""
        self.key = key
        self.at = time.time()
        self.meter = Meter()
        self.memory_gap: str | None = None
        self._directory = directory
        self._fds = [directory]
        try:
            self._begin(our_user_ns)
        except BaseException:
            self.close()
            raise

    def _begin(self, our_user_ns: str) -> None:
        self._stat = self._same_life()
        self._root_path = to_text(os.readlink(b"root", dir_fd=self._directory))
        self._maps_fd = -1 if self._stat.kernel_thread else self._open("maps")
        self._raw_maps = self._read_maps()
        self.exe = "" if self._stat.kernel_thread else self._link("exe").removesuffix(DELETED)
        self._root = Root(self._directory, self.meter)
        scope = self._scope(our_user_ns)
        self.files = LocalFiles(self._root, self._directory, scope, self.exe, self.meter)
        self._pagemap: PageMap | None = None
        self._memory = self._open_memory()
        self.verify()

    @cached_property
    def arguments(self) -> Arguments:
        """See `Process.arguments`. Not read when its pages are not present, nor past its end."""
        start, end = self._stat.arg_start, self._stat.arg_end
        size = min(end - start, MAX_ARGUMENTS)
        if size <= 0 or not self._are_present(start, size):
            return Arguments()
        with kernel_says(self.key.pid):
            self.meter.charge(size, 4)
            raw = read_named(self._directory, "cmdline", size)[:size]
        directory = self._link("cwd")
        argv = [to_text(part) for part in raw.rstrip(b"\0").split(b"\0")]
        return replace(parse_arguments(argv, self.exe), directory=directory)

    @property
    def program(self) -> str:
        """See `Process.program`: execve(2) makes a stack at another address."""
        return f"{self._stat.start_stack:x} {self.exe}"

    @property
    def maps_digest(self) -> int:
        """See `Process.maps_digest`: keyed by this interpreter, so nobody can aim at it."""
        return hash(self._raw_maps)

    def maps(self) -> Sequence[Mapping]:
        """See `Process.maps`."""
        return self._maps

    @cached_property
    def _maps(self) -> list[Mapping]:
        return parse_maps(self._raw_maps, self._root_path)

    def descriptors(self) -> Sequence[Descriptor]:
        """See `Process.descriptors`. Of more than 10,000 the lowest."""
        return self._descriptors

    @cached_property
    def _descriptors(self) -> list[Descriptor]:
        with kernel_says(self.key.pid):
            found = read_descriptors(self._directory)
        self.meter.charge(0, 2 + len(found))
        root = self._root_path
        return [Descriptor(number, seen_from(root, target)) for number, target in found]

    def read(self, ranges: Sequence[Range], *, fresh: bool = False) -> list[bytes | None]:
        """See `Process.read`."""
        if self._memory is None:
            return [None] * len(ranges)
        return self._memory.read(ranges, fresh=fresh)

    def find(self, pattern: bytes, ranges: Sequence[Range], *, limit: int) -> list[int]:
        """See `Process.find`."""
        return [] if self._memory is None else self._memory.find(pattern, ranges, limit)

    def verify(self) -> None:
        """See `Process.verify`."""
        with kernel_says(self.key.pid):
            stat = self._same_life()
        if stat.start_stack != self._stat.start_stack:
            raise ProcessGone(f"process {self.key.pid} runs another program now")
        if self._raw_maps:
            _is_alive(self._maps_fd, self.key.pid, self.meter)

    def close(self) -> None:
        """See `Process.close`."""
        root: Root | None = getattr(self, "_root", None)
        if root:
            root.close()
        while self._fds:
            os.close(self._fds.pop())

    def _open(self, name: str) -> int:
        fd = open_named(self._directory, name)
        self._fds.append(fd)
        return fd

    def _same_life(self) -> Stat:
        self.meter.charge(0, 3)
        stat = read_stat(self._directory, self.key.pid)
        if stat.start_ticks != self.key.start_ticks:
            raise ProcessGone(f"pid {self.key.pid} is another process now")
        return stat

    def _read_maps(self) -> bytes:
        if self._maps_fd < 0:
            return b""
        raw = read_all(self._maps_fd, MAX_MAPS)
        # The kernel hands out a page at a time.
        self.meter.charge(len(raw), 2 + len(raw) // PAGE)
        if len(raw) > MAX_MAPS:
            raise BudgetSpent(f"process {self.key.pid} has more than {MAX_MAPS} bytes of maps")
        if not raw:
            raise ProcessGone(f"process {self.key.pid} is gone")
        return raw

    def _link(self, name: str) -> str:
        return seen_from(
            self._root_path, to_text(os.readlink(name.encode(), dir_fd=self._directory))
        )

    def _scope(self, our_user_ns: str) -> str:
        """Whom to believe about files: whoever made the mounts of a user namespace can lie."""
        if os.readlink("ns/user", dir_fd=self._directory) == our_user_ns:
            return ""
        return os.readlink("ns/mnt", dir_fd=self._directory)

    def _open_memory(self) -> Memory | None:
        if self._maps_fd < 0:
            self.memory_gap = "a kernel thread has no memory of its own"
            return None
        try:
            closed, top = self._not_read()
            self._pagemap = PageMap(self._open("pagemap"), self.meter, closed, top)
            fd = self._open("mem")
        except (PermissionError, FileNotFoundError) as error:
            self.memory_gap = explain(error)
            return None
        # Nothing of this object: in a circle its pages would stay until the collector comes.
        alive = partial(_is_alive, self._maps_fd, self.key.pid, self.meter)
        return Memory(fd, self._pagemap, self.meter, alive)

    def _not_read(self) -> tuple[list[tuple[int, int]], int]:
        """Addresses (start, end) that are never read, and the end of those of the process."""
        raw = self._raw_maps
        some = b"".join(sorted({line for mark in _MARKS for line in lines_with(mark, raw)}))
        closed = [(m.start, m.end) for m in parse_maps(some, self._root_path) if _is_device(m)]
        ends = (
            mapping.end
            for line in reversed(raw.splitlines(keepends=True))
            for mapping in parse_maps(line)
        )
        return closed, next((end for end in ends if end <= _USER_END), 0)

    def _are_present(self, start: int, size: int) -> bool:
        """Whether reading these addresses faults nothing in, as far as we may know."""
        if self._pagemap is None:
            return True
        first = start // PAGE
        count = (start + size - 1) // PAGE - first + 1
        return self._pagemap.flags(first, count) == b"\1" * count


# What stands in the lines of maps that `_is_device` is true of, and in few others.
_MARKS: Final = (b"/dev/", b"anon_inode:", b"[vvar", b"[vsyscall")


def _is_alive(maps_fd: int, pid: int, meter: Meter) -> None:
    """Raise ProcessGone when the memory we opened is no more: then maps, too, reads nothing."""
    meter.charge(0)
    with kernel_says(pid):
        here = os.pread(maps_fd, 1, 0)
    if not here:
        raise ProcessGone(f"process {pid} ended or runs another program now")


def _is_device(mapping: Mapping) -> bool:
    """Memory of a device or of the kernel: reading it can have effects, and tells nothing."""
    path = mapping.path
    if path.startswith("/dev/"):
        return not path.startswith(("/dev/shm/", "/dev/zero", "/dev/hugepages/"))  # noqa: S108
    return path.startswith(("anon_inode:", "[vvar", "[vsyscall"))
