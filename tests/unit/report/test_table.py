"""What a person sees, held as plain text in `expected/`.

After a wanted change write the files anew: python -m tests.unit.report.test_table.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sensor.model.seen import Outcome
from sensor.report.explain import explained
from sensor.report.explain_text import explain_text
from sensor.report.footer import footer
from sensor.report.groups import Groups
from sensor.report.match import Wanted
from sensor.report.summary import Summary
from sensor.report.table import rows_of, table
from sensor.report.text import width
from tests.support import seen as made

if TYPE_CHECKING:
    from collections.abc import Callable

EXPECTED = Path(__file__).parent / "expected"
QUESTIONS = ("pkg:pypi/flask@1.0", "pkg:golang/golang.org/x/net#http2", "pkg:cargo/serde")


def rendered(columns: int | None, *, everything: bool = False) -> str:
    """Table and footer of the made-up machine."""
    groups, summary = Groups(), Summary()
    for seen in [*made.scan(), made.NOWHERE]:
        groups.add(seen)
        summary.add(seen)
    lines = table(groups, columns=columns, everything=everything)
    return "\n".join([*lines, "", *footer(summary, seconds=1.25, columns=columns), ""])


def answered(columns: int | None) -> str:
    """The answers to the questions."""
    lines: list[str] = []
    for text in QUESTIONS:
        wanted, groups = Wanted.parse(text), Groups()
        for seen in made.scan():
            chosen = explained(wanted, seen, made.TYPES)
            if chosen:
                groups.add(chosen)
        lines += explain_text(wanted, groups, made.TYPES, columns=columns)
    return "\n".join([*lines, ""])


FILES: dict[str, Callable[[], str]] = {
    "wide.txt": lambda: rendered(None),
    "columns-80.txt": lambda: rendered(80),
    "everything.txt": lambda: rendered(100, everything=True),
    "explain.txt": lambda: answered(100),
}


@pytest.mark.parametrize("name", FILES)
def test_text_is_as_expected(name: str) -> None:
    assert FILES[name]() == (EXPECTED / name).read_text()


@pytest.mark.parametrize("columns", [80, 97, 133])
def test_no_line_is_wider_than_the_terminal(columns: int) -> None:
    texts = (rendered(columns), rendered(columns, everything=True), answered(columns))
    lines = [line for text in texts for line in text.splitlines()]
    too_wide = [line for line in lines if width(line) > columns]
    assert not too_wide


def test_nothing_hostile_reaches_the_terminal() -> None:
    for line in (rendered(None) + answered(None)).split("\n"):
        assert line.isprintable()


def test_every_package_is_drawn_once_whatever_its_carriers_say() -> None:
    ring = [
        made.pypi("a", "1", inside="pkg:pypi/b@1"),
        made.pypi("b", "1", inside="pkg:pypi/a@1"),
        made.pypi("self", "1", inside="pkg:pypi/self@1"),
        made.pypi("top", "1"),
    ]
    deep = [made.pypi(f"d{n}", "1", inside=f"pkg:pypi/d{n - 1}@1") for n in range(1, 50)]
    names = [row.cells[0].strip() for row in rows_of([*ring, made.pypi("d0", "1"), *deep])]
    drawn = [name for name in names if not name.startswith("pkg:")]
    assert sorted(drawn) == sorted(["a", "b", "self", "top", *(f"d{n}" for n in range(50))])


def test_nothing_is_cut_away_for_a_file_or_another_program() -> None:
    name = "example.test/" + "long/" * 40
    groups = Groups()
    groups.add(made.read(1, "/app/server", golang=made.go(made.module(name, "v1", ("",)))))
    narrow = "\n".join(table(groups, columns=100, everything=False))
    whole = "\n".join(table(groups, columns=None, everything=False))
    assert name in whole
    assert name not in narrow


def test_a_part_stands_below_its_carrier() -> None:
    pip = made.pypi("pip", "23.2.1")
    parts = [made.pypi(name, "1", inside=pip.purl) for name in ("zlib", "attrs")]
    cells = [row.cells[0] for row in rows_of([*parts, made.pypi("b", "1"), pip])]
    assert cells == ["b", "pip", "  attrs", "  zlib"]


def test_nothing_but_a_footer_when_nothing_was_found() -> None:
    assert list(table(Groups(), columns=80, everything=False)) == []
    assert list(footer(Summary(), seconds=0.0, columns=80)) == [
        "Read 0 processes in 0.0 s: nothing.",
        "Packages: none, counted in each process.",
    ]


def test_root_is_told_another_way_to_see_more() -> None:
    summary = Summary()
    summary.add(made.unread(700, Outcome.NOT_PERMITTED, "not permitted", "refused"))
    last = [list(footer(summary, seconds=0, columns=None, root=root))[-1] for root in (True, False)]
    assert "SYS_PTRACE" in last[0]
    assert "sudo runtime-sensor scan" in last[1]
    assert all("1 process (pid 700)" in line for line in last)


def write() -> None:
    """Write the expected files anew, to be read before they are committed."""
    for name, text in FILES.items():
        (EXPECTED / name).write_text(text())


if __name__ == "__main__":
    write()
