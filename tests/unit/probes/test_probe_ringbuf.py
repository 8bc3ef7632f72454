"""The ring reader on memory that the test writes as the kernel would."""

from __future__ import annotations

import mmap
import os
import struct
from typing import TYPE_CHECKING

import pytest

from probes.bpf.ringbuf import RingBuffer
from probes.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = mmap.PAGESIZE
BUSY, DISCARD = 1 << 31, 1 << 30


class Ring:
    """A file with the layout of a ring of one page. The data is there twice, as in the kernel."""

    def __init__(self) -> None:
        self.fd = os.memfd_create("ring")
        os.ftruncate(self.fd, 4 * PAGE)
        self.produced = 0
        self.reader = RingBuffer(self.fd, PAGE)

    def put(self, data: bytes, flags: int = 0) -> None:
        record = struct.pack("<II", len(data) | flags, 0) + data
        record += bytes(-len(record) % 8)
        for index, byte in enumerate(record):
            place = (self.produced + index) % PAGE
            for copy in (2 * PAGE, 3 * PAGE):
                os.pwrite(self.fd, bytes([byte]), copy + place)
        self.move(len(record))

    def move(self, count: int) -> None:
        self.produced += count
        os.pwrite(self.fd, struct.pack("<Q", self.produced), PAGE)

    @property
    def consumed(self) -> int:
        return int(struct.unpack("<Q", os.pread(self.fd, 8, 0))[0])

    def close(self) -> None:
        self.reader.close()
        os.close(self.fd)


@pytest.fixture
def ring() -> Iterator[Ring]:
    ring = Ring()
    yield ring
    ring.close()


def test_records_in_their_order_and_then_nothing(ring: Ring) -> None:
    ring.put(b"one")
    ring.put(b"second one")
    assert list(ring.reader.take(10)) == [b"one", b"second one"]
    assert ring.consumed == ring.produced
    assert list(ring.reader.take(10)) == []


def test_no_more_than_the_limit(ring: Ring) -> None:
    for number in range(5):
        ring.put(bytes([number]))
    assert list(ring.reader.take(2)) == [b"\0", b"\1"]
    assert list(ring.reader.take(2)) == [b"\2", b"\3"]
    assert list(ring.reader.take(0)) == []
    assert list(ring.reader.take(2)) == [b"\4"]


def test_a_record_across_the_end_of_the_ring_is_one_slice(ring: Ring) -> None:
    for number in range(40):
        data = bytes([number]) * 300
        ring.put(data)
        assert list(ring.reader.take(10)) == [data]
    assert ring.consumed > PAGE


def test_what_is_still_being_written_is_not_read_nor_what_is_behind_it(ring: Ring) -> None:
    ring.put(b"first")
    ring.put(b"not yet", BUSY)
    ring.put(b"behind")
    assert list(ring.reader.take(10)) == [b"first"]
    assert list(ring.reader.take(10)) == []
    assert ring.consumed == 16


def test_what_was_discarded_is_stepped_over(ring: Ring) -> None:
    ring.put(b"gone", DISCARD)
    ring.put(b"here")
    assert list(ring.reader.take(10)) == [b"here"]
    assert ring.consumed == ring.produced


def test_the_room_is_free_before_the_records_are_looked_at(ring: Ring) -> None:
    ring.put(b"one")
    records = ring.reader.take(10)
    assert ring.consumed == ring.produced
    ring.put(b"two")
    assert list(records) == [b"one"]


@pytest.mark.parametrize("count", [PAGE + 8, 1 << 40])
def test_positions_that_cannot_be_are_refused(ring: Ring, count: int) -> None:
    ring.move(count)
    with pytest.raises(Malformed):
        ring.reader.take(10)


def test_a_record_longer_than_what_is_there_is_refused(ring: Ring) -> None:
    ring.put(b"short")
    os.pwrite(ring.fd, struct.pack("<I", 4000), 2 * PAGE)
    with pytest.raises(Malformed):
        ring.reader.take(10)
    assert ring.consumed == 0
