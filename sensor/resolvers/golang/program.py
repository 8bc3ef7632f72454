"""What was read from one program file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sensor.formats.gobuildinfo import BuildInfo


class Form(StrEnum):
    """What a program file is."""

    GO = "go"
    PACKED = "packed"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Program:
    """One program file.

    `info` is its build information, None when it has none. `layout` is the layout of its function
    table, empty when that could not be read; then `packages` says nothing. `packages` are the
    import paths that have a function in the table, sorted; `inlined` says whether also those are
    there of which every function was inlined. `problems` are (reason, detail) pairs.
    """

    form: Form
    info: BuildInfo | None = None
    layout: str = ""
    packages: tuple[str, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    inlined: bool = True
