"""What every Process says about memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sensor.errors import ProcessGone
from sensor.host.pagemap import PAGE
from tests.support.child import MARK, MARK_BEFORE_BORDER, Child

if TYPE_CHECKING:
    from sensor.host.seam import Process
    from tests.contract.conftest import Run

ALL = 8 * PAGE


def test_reads_exact_ranges_in_order(run: Run, child: Child) -> None:
    def ask(process: Process, child: Child) -> None:
        assert process.memory_gap is None
        ranges = [
            (child.page(4), 4),
            (child.page(0), 4),
            (child.page(1) - 1, 2),
            (child.page(0), 0),
        ]
        assert process.read(ranges) == [b"pg04", b"pg00", MARK[6:8], b""]

    run(ask, child)


def test_reads_over_many_pages(run: Run, child: Child) -> None:
    def ask(process: Process, child: Child) -> None:
        (data,) = process.read([(child.page(0) + 2, 2 * PAGE)])
        assert data is not None
        assert (data[:2], data[-2:], len(data)) == (b"00", b"pg", 2 * PAGE)

    run(ask, child)


@pytest.mark.parametrize(
    ("page", "size"),
    [(3, 4), (2, 2 * PAGE), (0, ALL), (-9, 8), (0, 1 << 60), (1 << 60, 8), (1 << 62, 8), (0, -1)],
)
def test_what_is_not_there_is_none(run: Run, child: Child, page: int, size: int) -> None:
    def ask(process: Process, child: Child) -> None:
        start = child.page(page) if abs(page) < 8 else page
        assert process.read([(start, size), (child.page(0), 4)]) == [None, b"pg00"]

    run(ask, child)


def test_finds_marks_across_present_pages(run: Run, child: Child) -> None:
    def ask(process: Process, child: Child) -> None:
        hits = [child.page(page) - MARK_BEFORE_BORDER for page in (1, 5)]
        assert process.find(MARK, [(child.page(0), ALL)], limit=9) == hits
        assert process.find(MARK, [(child.page(0), ALL)], limit=1) == hits[:1]
        assert (
            process.find(MARK, [(child.page(4), 2 * PAGE), (child.page(0), ALL)], limit=9) == hits
        )

    run(ask, child)


def test_finds_only_what_lies_wholly_inside(run: Run, child: Child) -> None:
    def ask(process: Process, child: Child) -> None:
        start = child.page(1) - MARK_BEFORE_BORDER
        assert process.find(MARK, [(start, len(MARK))], limit=9) == [start]
        assert process.find(MARK, [(start + 1, PAGE)], limit=9) == []
        assert process.find(MARK, [(start - PAGE // 2, PAGE // 2 + len(MARK) - 1)], limit=9) == []
        assert process.find(MARK, [(start, 0), (-5, 9), (1 << 62, 1 << 62)], limit=9) == []
        assert process.find(b"never in there", [(child.page(0), ALL)], limit=9) == []

    run(ask, child)


def test_fresh_reads_the_target_again(run: Run, child: Child) -> None:
    def ask(process: Process, child: Child) -> None:
        where = [(child.page(2), 4)]
        process.read(where)
        child.poke()
        assert process.read(where, fresh=True) == [b"poke"]

    run(ask, child)


def test_cost_is_counted(run: Run, child: Child) -> None:
    def ask(process: Process, child: Child) -> None:
        before = process.meter.bytes, process.meter.calls
        process.read([(child.page(0), 64)])
        assert process.meter.bytes >= before[0] + 64
        assert process.meter.calls > before[1]

    run(ask, child)


def test_after_an_exec_the_process_is_gone(run: Run, child: Child) -> None:
    def ask(process: Process, child: Child) -> None:
        assert process.read([(child.page(0), 4)]) == [b"pg00"]
        child.exec()
        with pytest.raises(ProcessGone):
            process.read([(child.page(4), 4)])
        with pytest.raises(ProcessGone):
            process.verify()

    run(ask, child)


def test_after_its_end_the_process_is_gone(run: Run, child: Child) -> None:
    def ask(process: Process, child: Child) -> None:
        child.end()
        with pytest.raises(ProcessGone):
            process.read([(child.page(4), 4)])
        with pytest.raises(ProcessGone):
            process.verify()

    run(ask, child)
