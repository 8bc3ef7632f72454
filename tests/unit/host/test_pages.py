"""The page map and reads over it, on a file that stands for a memory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.errors import BudgetSpent, ProcessGone
from sensor.host.memory import CHUNK, MAX_CACHED, Memory
from sensor.host.pagemap import PAGE, PageMap, joined, runs
from sensor.model.budget import Meter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PRESENT = 1 << 63
SWAPPED = 1 << 62


class Fake:
    """A memory of some pages, each filled with its number, and how often it was read."""

    def __init__(self, folder: Path, present: list[bool], closed: tuple[int, int] = (0, 0)) -> None:
        entries = [PRESENT | 7 if there else SWAPPED for there in present]
        (folder / "pagemap").write_bytes(b"".join(e.to_bytes(8, "little") for e in entries))
        (folder / "mem").write_bytes(b"".join(bytes([n % 256]) * PAGE for n in range(len(present))))
        self.fds = [os.open(folder / name, os.O_RDWR) for name in ("pagemap", "mem")]
        self.meter = Meter()
        self.dead = False
        pagemap = PageMap(self.fds[0], self.meter, [closed])
        self.memory = Memory(self.fds[1], pagemap, self.meter, self.alive)

    def alive(self) -> None:
        if self.dead:
            raise ProcessGone("dead")


@pytest.fixture
def made() -> Iterator[list[Fake]]:
    """Return a list whose members are closed at the end."""
    fakes: list[Fake] = []
    yield fakes
    for fake in fakes:
        for fd in fake.fds:
            os.close(fd)


@given(st.sets(st.integers(0, 400)))
def test_runs_and_groups_hold_every_page_once(pages: set[int]) -> None:
    ordered = sorted(pages)
    assert [p for first, count in runs(ordered) for p in range(first, first + count)] == ordered
    assert [page for group in joined(ordered) for page in group] == ordered
    assert all(first + count not in pages for first, count in runs(ordered))


def test_absent_swapped_and_closed_pages_are_not_read(made: list[Fake], tmp_path: Path) -> None:
    fake = Fake(tmp_path, [True, False, True, True, True], closed=(3 * PAGE, 4 * PAGE))
    made.append(fake)
    answers = fake.memory.read([(page * PAGE, 1) for page in range(6)])
    assert answers == [b"\0", None, b"\2", None, b"\4", None]
    assert fake.memory.find(b"\3", [(0, 5 * PAGE)], 9) == []
    assert fake.memory.find(b"\2\4", [(0, 5 * PAGE)], 9) == []


@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), max_size=6),
    st.integers(0, 40),
    st.integers(0, 20),
)
def test_closed_areas_cover_exactly_their_pages(
    steps: list[tuple[int, int]], first: int, count: int
) -> None:
    closed, at = [], 0
    for gap, size in steps:
        closed.append(((at + gap) * PAGE, (at + gap + size) * PAGE))
        at += gap + size
    expected = [not any(a <= p * PAGE < b for a, b in closed) for p in range(first, first + count)]
    with os.fdopen(os.memfd_create("pagemap"), "r+b") as file:
        file.write(PRESENT.to_bytes(8, "little") * 100)
        file.flush()
        pagemap = PageMap(file.fileno(), Meter(), closed)
        assert list(map(bool, pagemap.flags(first, count))) == expected
        found = [range(a, a + n) for a, n in pagemap.present(first, first + count, lambda: None)]
        assert [p for run in found for p in run] == [
            first + index for index, there in enumerate(expected) if there
        ]


def test_only_needed_pages_are_read_and_only_once(made: list[Fake], tmp_path: Path) -> None:
    fake = Fake(tmp_path, [True] * 100)
    made.append(fake)
    ranges = [(3 * PAGE + 5, 8), (3 * PAGE + 50, 8), (4 * PAGE - 2, 4), (90 * PAGE, 1)]
    fake.memory.read(ranges)
    assert fake.meter.bytes == 3 * PAGE + (2 + 1) * 8
    assert fake.meter.calls == 4
    fake.memory.read(ranges)
    assert fake.meter.calls == 4
    fake.memory.read(ranges[:1], fresh=True)
    assert fake.meter.calls == 6


def test_fresh_goes_past_the_cache_and_makes_what_is_in_it_newer(
    made: list[Fake], tmp_path: Path
) -> None:
    fake = Fake(tmp_path, [True])
    made.append(fake)
    assert fake.memory.read([(0, 1)]) == [b"\0"]
    os.pwrite(fake.fds[1], b"N", 0)
    assert fake.memory.read([(0, 1)]) == [b"\0"]
    assert fake.memory.read([(0, 1)], fresh=True) == [b"N"]
    assert fake.memory.read([(0, 1)]) == [b"N"]


def test_what_is_read_freshly_is_not_kept(made: list[Fake], tmp_path: Path) -> None:
    fake = Fake(tmp_path, [True])
    made.append(fake)
    assert fake.memory.read([(0, 1)], fresh=True) == [b"\0"]
    os.pwrite(fake.fds[1], b"N", 0)
    assert fake.memory.read([(0, 1)]) == [b"N"]


def test_the_cache_is_bounded(made: list[Fake], tmp_path: Path) -> None:
    fake = Fake(tmp_path, [True] * (MAX_CACHED + 2))
    made.append(fake)
    fake.memory.read([(0, 1)])
    fake.memory.read([(PAGE, (MAX_CACHED + 1) * PAGE)])
    calls = fake.meter.calls
    fake.memory.read([(0, 1)])
    assert fake.meter.calls == calls
    fake.memory.read([(page * PAGE, 1) for page in range(2, MAX_CACHED + 2)])
    calls = fake.meter.calls
    fake.memory.read([(0, 1)])
    assert fake.meter.calls == calls + 2


@given(drawn=st.data())
def test_find_is_as_find_in_each_present_run(
    drawn: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    present = drawn.draw(st.lists(st.booleans(), min_size=1, max_size=6))
    fake = Fake(tmp_path_factory.mktemp("fake"), present)
    try:
        content = bytearray(drawn.draw(st.binary(min_size=1, max_size=2)) * PAGE * 8)
        content = content[: len(present) * PAGE]
        os.pwrite(fake.fds[1], content, 0)
        pattern = drawn.draw(st.binary(min_size=1, max_size=3))
        start = drawn.draw(st.integers(0, len(content) - 1))
        size = drawn.draw(st.integers(0, len(content) - start))
        expected = [
            at
            for at in range(start, start + size - len(pattern) + 1)
            if content[at : at + len(pattern)] == pattern
            and all(present[at // PAGE : (at + len(pattern) - 1) // PAGE + 1])
        ]
        assert fake.memory.find(pattern, [(start, size)], 1 << 30) == expected
        assert fake.memory.find(pattern, [(start, size)], 3) == expected[:3]
    finally:
        for fd in fake.fds:
            os.close(fd)


def test_find_across_the_border_of_two_blocks(made: list[Fake], tmp_path: Path) -> None:
    fake = Fake(tmp_path, [True] * (CHUNK // PAGE + 1))
    made.append(fake)
    os.pwrite(fake.fds[1], b"needle", CHUNK - 3)
    assert fake.memory.find(b"needle", [(0, CHUNK + PAGE)], 9) == [CHUNK - 3]


def test_the_budget_ends_a_read_before_it_is_made(made: list[Fake], tmp_path: Path) -> None:
    fake = Fake(tmp_path, [True] * 64)
    made.append(fake)
    fake.meter.hard_bytes = 32 * PAGE
    with pytest.raises(BudgetSpent):
        fake.memory.read([(0, 64 * PAGE)])
    fake.meter.bytes = 0
    with pytest.raises(BudgetSpent):
        fake.memory.find(b"x", [(0, 64 * PAGE)], 9)


def test_a_memory_that_reads_nothing_asks_whether_the_process_lives(
    made: list[Fake], tmp_path: Path
) -> None:
    fake = Fake(tmp_path, [True] * 2)
    made.append(fake)
    os.truncate(fake.fds[1], 0)
    assert fake.memory.read([(0, 1)]) == [None]
    fake.dead = True
    with pytest.raises(ProcessGone):
        fake.memory.read([(0, 1)])
    with pytest.raises(ProcessGone):
        fake.memory.read([(100 * PAGE, 1)])
    with pytest.raises(ProcessGone):
        fake.memory.find(b"x", [(100 * PAGE, PAGE)], 9)
