"""Reads one program file, in steps that a budget can stop, into a `Program`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sensor.errors import Malformed
from sensor.formats import gobuildinfo, golegacy, gopclntab, gopclntab_old, gopclntab_search
from sensor.formats.elf import Elf
from sensor.formats.source import exact
from sensor.resolvers.golang.program import Form, Program
from sensor.resolvers.golang.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sensor.formats.gobuildinfo import BuildInfo
    from sensor.formats.gopclntab import Table
    from sensor.formats.source import Source
    from sensor.model.finding import Plain

# Any of these is in every Go program that has section headers, since Go 1.5.
GO_SECTIONS = (gobuildinfo.SECTION, *gopclntab.SECTIONS, ".note.go.buildid")
GO_NOTE = b"Go"
# UPX writes its mark into the first page of what it packs, and leaves no section headers.
PACKER_MARK = b"UPX!"
PACKER_SEARCH = 4096
_MINOR = re.compile(r"go1\.(\d+)(?!\d)")


@dataclass(slots=True)
class Progress:
    """How far the reading of a file has come: pieces searched, where in the names, and prefixes.

    `prefixes` are as the table writes them, as Latin-1 text, so that they are plain data; `inlined`
    says whether those of inlined functions were all among them so far.
    """

    searched: int = 0
    resume: int | None = None
    prefixes: set[str] = field(default_factory=set)
    inlined: bool = True

    def to_plain(self) -> Plain:
        """As JSON can hold it."""
        return {
            "searched": self.searched,
            "resume": self.resume,
            "prefixes": [*sorted(self.prefixes)],
            "inlined": self.inlined,
        }

    @classmethod
    def from_plain(cls, data: Mapping[str, Any] | None) -> Progress:
        """Back from `to_plain`; from the start for None."""
        if data is None:
            return cls()
        return cls(data["searched"], data["resume"], set(data["prefixes"]), data["inlined"])


class _Stopped(Exception):
    """No error: the budget is used, and the progress is kept."""


def analyse(source: Source, progress: Progress, due: Callable[[], bool]) -> Program | None:
    """The program in a file; None when `due` said stop: call again with the same `progress`."""
    try:
        elf = Elf(source)
        if not _is_go(elf):
            return Program(Form.PACKED if _packed(elf) else Form.OTHER)
    except Malformed:
        return Program(Form.OTHER)
    try:
        return _go_program(elf, progress, due)
    except _Stopped:
        return None


def is_go(source: Source) -> bool:
    """Whether a file is a Go program or a library built by Go. Never raises Malformed."""
    try:
        return _is_go(Elf(source))
    except Malformed:
        return False


def _is_go(elf: Elf) -> bool:
    if elf.sections:
        return any(elf.section(name) for name in GO_SECTIONS)
    return any(name == GO_NOTE for name, _, _ in elf.notes()) or gobuildinfo.present(elf)


def _packed(elf: Elf) -> bool:
    head = exact(elf.source, 0, min(PACKER_SEARCH, elf.source.size))
    return not elf.sections and PACKER_MARK in head


def _go_program(elf: Elf, progress: Progress, due: Callable[[], bool]) -> Program:
    problems: list[tuple[str, str]] = []
    table = _table(elf, progress, due, problems)
    info = _info(elf, table, problems)
    packages: tuple[str, ...] = ()
    if table:
        try:
            packages = _packages(elf, table, info, progress, due)
        except Malformed as error:
            problems.append((Reason.NO_TABLE, str(error)))
            table = None
    layout = table.layout if table else ""
    return Program(Form.GO, info, layout, packages, tuple(problems), inlined=progress.inlined)


def _info(elf: Elf, table: Table | None, problems: list[tuple[str, str]]) -> BuildInfo | None:
    try:
        info = gobuildinfo.read(elf)
        old = info is None and table is not None and table.layout == gopclntab.LAYOUT_OLD
        return golegacy.read(elf) if old else info
    except Malformed as error:
        problems.append((Reason.NO_INFO, str(error)))
        return None


def _table(
    elf: Elf, progress: Progress, due: Callable[[], bool], problems: list[tuple[str, str]]
) -> Table | None:
    try:
        return gopclntab_search.by_section(elf) or _searched(elf, progress, due)
    except Malformed as error:
        problems.append((Reason.NO_TABLE, str(error)))
        return None


def _searched(elf: Elf, progress: Progress, due: Callable[[], bool]) -> Table:
    # The piece in which the table was found is looked at again after a stop: it is only one.
    for found in gopclntab_search.by_search(elf, progress.searched):
        if found:
            return found
        progress.searched += 1
        if due():
            raise _Stopped
    raise Malformed("no Go function table found")


def _packages(
    elf: Elf, table: Table, info: BuildInfo | None, progress: Progress, due: Callable[[], bool]
) -> tuple[str, ...]:
    for step in _steps(elf, table, info, progress.resume):
        progress.prefixes |= {prefix.decode("latin-1") for prefix in step.prefixes}
        progress.inlined &= step.complete
        _check_bounds(progress.prefixes)
        progress.resume = step.resume
        if step.resume is not None and due():
            raise _Stopped
    paths = (gopclntab.import_path(prefix.encode("latin-1")) for prefix in progress.prefixes)
    return tuple(sorted({path for path in paths if path}))


def _steps(
    elf: Elf, table: Table, info: BuildInfo | None, resume: int | None
) -> Iterator[gopclntab.Step]:
    if table.layout != gopclntab.LAYOUT_OLD:
        return gopclntab.steps(elf.source, table, resume)
    minor = _MINOR.match(info.version if info else "")
    inlining = gopclntab_old.INLINING.get(int(minor[1])) if minor else None
    return gopclntab_old.steps(elf, table, inlining, resume)


def _check_bounds(prefixes: set[str]) -> None:
    size = sum(map(len, prefixes))
    if len(prefixes) > gopclntab.MAX_PACKAGES or size > gopclntab.MAX_PACKAGE_BYTES:
        raise Malformed(f"{len(prefixes)} packages with names of {size} bytes")
