"""The table of a scan: by container, then by process, packages with their evidence in short.

A vendored copy stands indented below its carrier. OS packages, of which every process has some, are
told once for a container (`ostable`), unless a process was asked for. The footer is in `footer`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensor.model.finding import State
from sensor.report.groups import is_read
from sensor.report.ostable import os_lines
from sensor.report.text import (
    cut,
    cut_left,
    filled,
    numbers,
    padded,
    plural,
    printable,
    width,
    wrapped,
)
from sensor.resolvers.ospkg import OSPKG

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sensor.model.container import Container
    from sensor.model.finding import Package
    from sensor.report.groups import Group, Groups

TITLES = ("PACKAGE", "VERSION", "RUNTIME", "STATE")
# No column but the last grows beyond these: most names are shorter than 40, versions than 24.
LIMITS = (40, 24, 10, 12)
# The first two may be made as narrow as these.
LEAST = (18, 8)
# Blanks between columns, and before packages.
GAP = "  "
INDENT = "    "
# A carrier inside a carrier, and so on: more levels than these are not drawn.
MAX_INSIDE = 4
# So many leading digits of a container id are shown, as docker ps does.
SHORT_ID = 12
# Evidence gets at least so many columns; on a narrower terminal lines are longer than it.
MIN_EVIDENCE = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table, ready to be printed but for its widths."""

    cells: tuple[str, str, str, str]
    kind: str
    path: str


def table(groups: Groups, *, columns: int | None, everything: bool) -> Iterator[str]:
    """Lines of the table, at most `columns` wide (None: as wide as it needs).

    `everything` shows processes without a readable runtime too: when they were asked for by pid.
    """
    hidden = frozenset() if everything else frozenset((OSPKG.name,))
    chosen = [
        (
            container,
            [group for group in members if everything or is_read(group)],
            [] if everything else list(os_lines(members)),
        )
        for container, members in groups.by_container()
    ]
    shown = [group for _, members, _ in chosen for group in members]
    rows = {id(group): list(rows_of(_packages(group, hidden))) for group in shown}
    widths = _widths((row for members in rows.values() for row in members), columns)
    if any(rows.values()):
        yield INDENT + GAP.join(map(padded, TITLES, widths)) + GAP + "EVIDENCE"
    for container, members, about_os in chosen:
        if members or about_os:
            yield ""
            yield from wrapped(container_title(container), columns)
        for group in members:
            yield from wrapped(GAP + group_title(group), columns)
            yield from (_line(row, widths, columns) for row in rows[id(group)])
            for line in _remarks(group, hidden):
                yield from wrapped(line, columns)
        for line in about_os:
            yield from wrapped(line, columns)


def _packages(group: Group, hidden: frozenset[str]) -> Iterator[Package]:
    return (package for package in group.first.packages() if package.runtime not in hidden)


def rows_of(packages: Iterable[Package]) -> Iterator[Row]:
    """The packages by name, those of the OS last, each with what is inside it below it."""
    listed = sorted(packages, key=_order)
    present = {package.purl for package in listed}
    inside: dict[str, list[Package]] = {}
    for package in listed:
        if package.inside:
            inside.setdefault(package.inside, []).append(package)
    drawn: set[int] = set()
    for package in listed:
        if not package.inside:
            yield from _below(package, inside, 0, drawn)
    # The carrier is no package of this process (or they carry each other): named, and not counted.
    for carrier in [c for c in inside if c not in present] + list(inside):
        left = [package for package in inside[carrier] if id(package) not in drawn]
        if left:
            yield Row((printable(carrier), "", "", ""), "carrier only:", "not loaded itself")
        for package in left:
            yield from _below(package, inside, 1, drawn)


def _order(package: Package) -> tuple[bool, str, str, str]:
    of_os = package.runtime == OSPKG.name
    return of_os, package.name.casefold(), package.purl, package.runtime


def _below(
    package: Package, inside: dict[str, list[Package]], level: int, drawn: set[int]
) -> Iterator[Row]:
    if id(package) in drawn:
        return
    drawn.add(id(package))
    yield _row(package, level)
    for part in inside.get(package.purl, ()):
        yield from _below(part, inside, min(level + 1, MAX_INSIDE), drawn)


def _row(package: Package, level: int) -> Row:
    name = GAP * level + printable(package.name)
    version = printable(package.version or "unknown")
    kind, path = evidence_in_short(package)
    return Row((name, version, printable(package.runtime), state_of(package)), kind, path)


def state_of(package: Package) -> str:
    """How it is in use, in one word or two: the depth of what is loaded, else the state."""
    return str(package.depth or package.state).replace("_", " ")


def evidence_in_short(package: Package) -> tuple[str, str]:
    """What was seen, and where: the first evidence, or why it is not known."""
    if package.state is State.UNKNOWN:
        return printable(package.reason or ""), ""
    first = package.evidence[0]
    kind = printable(first.kind)
    if package.subpaths:
        kind += f" ({plural(len(package.subpaths), 'package')} linked)"
    return kind, printable(first.path or first.detail)


def _widths(rows: Iterable[Row], columns: int | None) -> list[int]:
    """As wide as the widest cell, within limits; on a narrow terminal the first two give way."""
    found = [width(title) for title in TITLES]
    for row in rows:
        found = [max(pair) for pair in zip(found, map(width, row.cells), strict=True)]
    found = [min(pair) for pair in zip(found, LIMITS, strict=True)]
    used = len(INDENT) + sum(found) + len(GAP) * len(found) + MIN_EVIDENCE
    over = max(0, used - columns) if columns else 0
    for place, least in enumerate(LEAST):
        less = min(over, max(0, found[place] - least))
        found[place] -= less
        over -= less
    return found


def _line(row: Row, widths: list[int], columns: int | None) -> str:
    if columns is None:  # for a file or another program: nothing is cut away
        whole = INDENT + GAP.join(map(filled, row.cells, widths)) + GAP
        return f"{whole}{row.kind} {row.path}".rstrip()
    left = INDENT + GAP.join(map(padded, row.cells, widths)) + GAP
    room = max(columns - width(left), MIN_EVIDENCE)
    kind = cut(row.kind, room)
    space = room - width(kind) - 1
    return f"{left}{kind} {cut_left(row.path, space) if space > 0 else ''}".rstrip()


def container_title(container: Container) -> str:
    """Name a container as people know it."""
    if not container.certain:
        hint = f" (perhaps {container.id[:SHORT_ID]})" if container.id else ""
        return f"container not known{hint}"
    if container.id is None:
        return "host"
    pod = f", pod {container.pod_uid}" if container.pod_uid else ""
    return f"container {container.id[:SHORT_ID]} ({container.runtime or 'runtime not known'}{pod})"


def group_title(group: Group) -> str:
    """Name a program and its processes."""
    first = group.first
    script = f" {printable(first.script)}" if first.script else ""
    program = printable(first.exe) or "(no program)"
    count = f" ({len(group.pids)} processes)" if len(group.pids) > 1 else ""
    return f"{program}{script}  pid {numbers(group.pids)}{count}"


def _remarks(group: Group, hidden: frozenset[str]) -> Iterator[str]:
    """What is to be said of these processes beside packages."""
    first = group.first
    for gap in first.gaps:
        yield f"{INDENT}! {printable(gap.reason)}: {printable(gap.detail)}"
    if not first.findings and not first.gaps:
        yield f"{INDENT}no runtime that is known here"
    for name, finding in first.findings.items():
        if name in hidden:
            continue
        reasons = dict.fromkeys(gap.reason for gap in finding.gaps)
        if finding.coverage and not finding.coverage.complete:
            yield f"{INDENT}! {name}: incomplete: {printable(', '.join(reasons) or 'no reason')}"
        elif reasons:
            yield f"{INDENT}! {name}: {printable(', '.join(reasons))}"
        elif not finding.packages:
            yield f"{INDENT}{name}: no package is loaded"
