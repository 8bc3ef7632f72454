"""Memory with the files behind it: which pages a file may answer for, and views over pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from sensor.errors import FileRefused
from sensor.formats.source import Bytes
from sensor.model.process import Mapping
from sensor.resolvers.java import memory
from sensor.resolvers.java.memory import PAGE, Memory, View, is_pointer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.formats.source import Range
    from sensor.host.seam import Process

START = 0x7F0000000000
# What is in memory, and what is in the file: two pages of it are mapped from its third page on.
HERE, THERE = b"memory", b"a file"
CONTENT = bytes(2 * PAGE) + THERE.ljust(PAGE, b".") + THERE.ljust(PAGE, b".")


class Opened(Bytes):
    """A file that says whether it was closed."""

    closed = 0

    def close(self) -> None:
        Opened.closed += 1


class Mapped:
    """A process with one mapping, whose first page alone is in memory."""

    def __init__(self, perms: str = "r--p", inode: int = 7, *, refused: bool = False) -> None:
        self.mapping = Mapping(START, START + 2 * PAGE, perms, 2 * PAGE, "0:1", inode, "/a/file")
        self.refused = refused
        self.opened = 0
        self.asked: list[Range] = []

    @property
    def files(self) -> Mapped:
        return self

    def maps(self) -> list[Mapping]:
        return [self.mapping]

    def open_mapped(self, mapping: Mapping) -> Opened:
        assert mapping == self.mapping
        self.opened += 1
        if self.refused:
            raise FileRefused(mapping.path, "replaced")
        return Opened(CONTENT)

    def read(self, ranges: Sequence[Range], *, fresh: bool = False) -> list[bytes | None]:
        assert fresh
        self.asked += ranges
        page = HERE.ljust(PAGE, b"-")
        return [
            page[at - START :][:size] if at >= START and at + size <= START + PAGE else None
            for at, size in ranges
        ]


def memory_of(process: Mapped) -> Memory:
    return Memory(cast("Process", process))


def test_memory_comes_before_the_file() -> None:
    process = Mapped()
    with memory_of(process) as found:
        assert found.read([(START, 6), (START + PAGE, 6)]) == [HERE, THERE]
        assert found.read([(START + PAGE, 6)]) == [THERE]
    assert process.opened == 1


def test_the_file_is_closed_in_the_end() -> None:
    before = Opened.closed
    with memory_of(Mapped()) as found:
        found.read([(START + PAGE, 6)])
        assert Opened.closed == before
    assert Opened.closed == before + 1


@pytest.mark.parametrize(
    "process",
    [Mapped("rw-p"), Mapped(inode=0), Mapped(refused=True)],
    ids=["writable", "no file", "refused"],
)
def test_no_file_answers(process: Mapped) -> None:
    with memory_of(process) as found:
        for _ in range(2):
            assert found.read([(START + PAGE, 6)]) == [None]
    assert process.opened <= 1


@pytest.mark.parametrize("address", [START - PAGE, START + 2 * PAGE, START + 2 * PAGE - 3])
def test_beyond_the_mapping_is_nothing(address: int) -> None:
    with memory_of(Mapped()) as found:
        assert found.read([(address, 6)]) == [None]


def test_words_that_are_none_are_zero() -> None:
    with memory_of(Mapped()) as found:
        addresses = [START, 0, 1 << 60, START - PAGE]
        expected = int.from_bytes(HERE + b"--", "little")
        assert found.words(addresses) == [expected, 0, 0, 0]


@pytest.mark.parametrize("value", [0, 8, PAGE + 1, 1 << 56, 1 << 63])
def test_no_pointer(value: int) -> None:
    assert not is_pointer(value)


def test_a_view_across_pages_and_at_the_end() -> None:
    with memory_of(Mapped()) as found:
        view = View(found)
        assert view.at(START, 6) == HERE
        assert view.at(START + PAGE - 2, 8) == b"--" + THERE
        assert view.at(START + 2 * PAGE - 2, 8) is None
        assert view.word(START) == found.word(START)
        assert view.word(START + 2 * PAGE) == 0


def test_a_view_reads_a_page_once_and_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MAX_PAGES", 2)
    process = Mapped()
    with memory_of(process) as found:
        view = View(found, span=1)
        view.prefetch([START, START + 8, START + PAGE, 3])
        assert process.asked == [(START, PAGE), (START + PAGE, PAGE)]
        view.at(START, 8)
        assert len(process.asked) == 2
        view.at(START - PAGE, 8)
        view.at(START, 8)
        assert process.asked[2:] == [(START - PAGE, PAGE), (START, PAGE)]
