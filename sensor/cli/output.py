"""Prints what was seen in the format that was asked for: the one way of scan, replay and demo."""

from __future__ import annotations

import os
import shutil
import sys
import time
from typing import TYPE_CHECKING

from sensor.cli.stdout import write, write_text
from sensor.report import facts
from sensor.report.explain import explained
from sensor.report.explain_text import explain_text
from sensor.report.footer import footer
from sensor.report.groups import Groups
from sensor.report.summary import Summary
from sensor.report.table import table
from sensor.scan import cost

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensor.model.seen import Seen
    from sensor.report.explain import Types
    from sensor.report.match import Wanted

# Narrower than this a table cannot be read: the terminal may break the lines.
MIN_COLUMNS = 80


class Output:
    """Takes one process after the other, and prints at once (ndjson) or at the end."""

    def __init__(
        self, form: str, types: Types, *, wanted: Wanted | None = None, everything: bool = False
    ) -> None:
        """Print as `form`; `everything` lists processes without a readable runtime too."""
        self._form = form
        self._types = types
        self._wanted = wanted
        self._everything = everything
        self._summary = Summary()
        self._groups = Groups()
        self._lines: list[facts.Line] = []
        self._began = time.monotonic()
        self._cpu = cost().cpu_seconds

    def show(self, processes: Iterable[Seen]) -> None:
        """Print all of it."""
        for seen in processes:
            self._add(seen)
        self._finish()

    def _add(self, seen: Seen) -> None:
        self._summary.add(seen)
        chosen = explained(self._wanted, seen, self._types) if self._wanted else seen
        if chosen is None:
            return
        if self._form == "table":
            self._groups.add(chosen)
        elif self._form == "json":
            self._lines.extend(facts.lines(chosen))
        else:
            write(b"".join(facts.dumps(line) for line in facts.lines(chosen)))

    def _finish(self) -> None:
        if self._form == "table":
            self._print_table()
            return
        line = self._summary_line()
        document = facts.document(self._lines, line) if self._form == "json" else line
        write(facts.dumps(document, indent=self._form == "json"))

    def _summary_line(self) -> facts.Line:
        used = cost()
        return self._summary.line(
            seconds=time.monotonic() - self._began,
            cpu_seconds=used.cpu_seconds - self._cpu,
            rss_bytes=used.rss_bytes,
        )

    def _print_table(self) -> None:
        if self._everything and not self._summary.outcomes:
            return  # nothing of what was asked for could be read: stderr says so
        width = columns()
        if self._wanted:
            lines = explain_text(self._wanted, self._groups, self._types, columns=width)
        else:
            lines = table(self._groups, columns=width, everything=self._everything)
        seconds = time.monotonic() - self._began
        root = os.geteuid() == 0
        end = footer(self._summary, seconds=seconds, columns=width, root=root)
        text = [*lines, "", *end]
        write_text("\n".join(text).lstrip("\n") + "\n")


def columns() -> int | None:
    """The width of the terminal, or what COLUMNS says; None where lines may be of any length."""
    if not (sys.stdout.isatty() or os.environ.get("COLUMNS")):
        return None
    return max(shutil.get_terminal_size().columns, MIN_COLUMNS)
