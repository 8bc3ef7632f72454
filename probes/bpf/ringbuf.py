"""Reads a BPF ring buffer (Documentation/bpf/ringbuf.rst) by mmap alone.

The descriptor shows: one page with the consumer's position, which is ours to write; one page with
the producer's; the data, twice in a row, so that each record is one slice. A record is 8 bytes of
header (struct bpf_ringbuf_hdr in kernel/bpf/ringbuf.c) and its bytes, up to the next multiple of 8.

Positions and headers are read as whole machine words through a cast memoryview: struct.unpack puts
them together from bytes and could see half of a change. On arm64 loads and stores may be seen in
another order than written: after the producer's position, after the headers and before our own
position there is a full fence. Python has none, but to release and take a lock is one.
"""

from __future__ import annotations

import mmap
import threading
from typing import TYPE_CHECKING

from probes.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterator

_BUSY, _DISCARD = 1 << 31, 1 << 30
_LENGTH = _DISCARD - 1
_HEADER = 8


class RingBuffer:
    """The only reader of one ring buffer."""

    def __init__(self, descriptor: int, size: int) -> None:
        """Map the ring, which has `size` bytes. The descriptor may be closed afterwards."""
        self._mask = size - 1
        page = mmap.PAGESIZE
        self._own = mmap.mmap(descriptor, page)
        self._data = mmap.mmap(
            descriptor, page + 2 * size, mmap.MAP_SHARED, mmap.PROT_READ, offset=page
        )
        self._consumer = memoryview(self._own).cast("Q")
        self._whole = memoryview(self._data)
        self._producer = self._whole[:8].cast("Q")
        self._bytes = self._whole[page:]
        self._words = self._bytes.cast("I")
        self._lock = threading.Lock()
        self._lock.acquire()

    def take(self, limit: int) -> Iterator[bytes]:
        """Give at most `limit` records, oldest first. Raises Malformed.

        All of them are copied, and their room in the ring is free, before this returns.
        """
        position = self._consumer[0]
        produced = self._producer[0]
        self._fence()
        begin = position & self._mask
        records, length = self._records(begin, produced - position, limit)
        self._fence()
        batch = bytes(self._bytes[begin : begin + length])
        self._fence()
        self._consumer[0] = position + length
        return (batch[offset : offset + size] for offset, size in records)

    def close(self) -> None:
        """Unmap it; closing twice is no error."""
        for view in (self._consumer, self._producer, self._words, self._bytes, self._whole):
            view.release()
        self._own.close()
        self._data.close()

    def _records(self, begin: int, available: int, limit: int) -> tuple[list[tuple[int, int]], int]:
        """Where the finished records are, in a copy that starts at `begin`; and all their bytes."""
        if not 0 <= available <= self._mask + 1:
            raise Malformed(f"a ring of {self._mask + 1} bytes holds {available}")
        records: list[tuple[int, int]] = []
        done = 0
        while done < available and len(records) < limit:
            header = self._words[(begin + done) >> 2]
            if header & _BUSY:
                break
            length = header & _LENGTH
            if done + _HEADER + length > available:
                raise Malformed(f"a record of {length} bytes where {available - done} are left")
            if not header & _DISCARD:
                records.append((done + _HEADER, length))
            done += (_HEADER + length + 7) & ~7
        return records, done

    def _fence(self) -> None:
        self._lock.release()
        self._lock.acquire()
