"""Reads an array of 64-bit counters that a program adds to, by mmap (BPF_F_MMAPABLE, Linux 5.5).

So it needs no system call, and no right beyond the descriptor.
"""

from __future__ import annotations

import mmap


class Counters:
    """One array map with values of 8 bytes."""

    def __init__(self, descriptor: int) -> None:
        """Map its first page, 512 counters. The descriptor may be closed afterwards."""
        self._memory = mmap.mmap(descriptor, mmap.PAGESIZE, mmap.MAP_SHARED, mmap.PROT_READ)
        self._words = memoryview(self._memory).cast("Q")

    def __getitem__(self, index: int) -> int:
        """Return the count at an index."""
        return self._words[index]

    def close(self) -> None:
        """Unmap it; closing twice is no error."""
        self._words.release()
        self._memory.close()
