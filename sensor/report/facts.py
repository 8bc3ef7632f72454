"""Our own facts on the wire: one plain object a line, told apart by `type`.

docs/facts.schema.json is the schema of each line and of the whole document, and says what each
field means. The types here: package, coverage, gap; `scan` is the document with all of them and the
summary. The lines of a report over time, with the words of a cluster, are in `placefacts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from sensor.report.text import escaped_surrogates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.model.finding import Coverage, Gap, Package, Plain
    from sensor.model.seen import Seen

# Raised when a field changes its meaning or goes; new fields may come without a new number.
SCHEMA = 1

Line = dict[str, Any]


def lines(seen: Seen) -> Iterator[Line]:
    """All lines about one process: packages, then coverage, then gaps."""
    for package in sorted(seen.packages(), key=lambda package: (package.runtime, package.purl)):
        yield package_line(package, seen)
    for coverage in seen.coverages():
        yield coverage_line(coverage, seen)
    for gap in seen.all_gaps():
        yield gap_line(gap, seen)


def package_line(package: Package, seen: Seen) -> Line:
    """One package in one process. Fields that say nothing here are left out."""
    return {**_head("package", seen, package.runtime), **package_words(package)}


def package_words(package: Package) -> Line:
    """What a line says of a package, whatever it says of where it is."""
    line: Line = {
        "purl": package.purl,
        "name": package.name,
        "version": package.version,
        "state": package.state,
        "depth": package.depth,
        "evidence": [item.plain() for item in package.evidence],
    }
    if package.reason is not None:
        line["reason"] = package.reason
    if package.inside is not None:
        line["inside"] = package.inside
    if package.subpaths is not None:
        line["subpaths"] = list(package.subpaths)
    if package.aliases:
        line["aliases"] = list(package.aliases)
    return {**line, **identity_words(package)}


def identity_words(package: Package) -> Line:
    """By what it is known, and what of its name is not certain."""
    line: Line = {}
    if package.identity:
        line["identity"] = package.identity
    if package.inferred:
        line["inferred"] = list(package.inferred)
    if package.sha1 is not None:
        line["sha1"] = package.sha1
    return line


def coverage_line(coverage: Coverage, seen: Seen) -> Line:
    """What was looked at in one process for one runtime, and which program it runs."""
    return {
        **_head("coverage", seen, coverage.runtime),
        "exe": seen.exe,
        "script": seen.script,
        "complete": coverage.complete,
        "since": coverage.since,
        "how": coverage.how,
    }


def gap_line(gap: Gap, seen: Seen) -> Line:
    """What could not be learned. The runtime is null when the gap is of the whole process."""
    head = _head("gap", seen, gap.runtime or None)
    return {**head, "reason": gap.reason, "detail": gap.detail}


def _head(kind: str, seen: Seen, runtime: str | None) -> Line:
    return {
        "type": kind,
        "schema": SCHEMA,
        "pid": seen.pid,
        "start_ticks": seen.start_ticks,
        "container_id": seen.container.id if seen.container.certain else None,
        "runtime": runtime,
    }


def document(all_lines: list[Line], summary: Line) -> Line:
    """Put all lines of a scan into one object, by type."""
    by_type = {
        kind: [line for line in all_lines if line["type"] == kind]
        for kind in ("package", "coverage", "gap")
    }
    return {
        "type": "scan",
        "schema": SCHEMA,
        "packages": by_type["package"],
        "coverage": by_type["coverage"],
        "gaps": by_type["gap"],
        "summary": summary,
    }


def dumps(line: Line, *, indent: bool = False) -> bytes:
    r"""Write one object as UTF-8 with a line feed.

    Bytes of a workload's names that are no UTF-8 come out as \xNN: JSON cannot hold them.
    """
    option = orjson.OPT_APPEND_NEWLINE | (orjson.OPT_INDENT_2 if indent else 0)
    try:
        return orjson.dumps(line, option=option)
    except TypeError:
        return orjson.dumps(_decodable(line), option=option)


def _decodable(value: Plain) -> Plain:
    if isinstance(value, dict):
        return {key: _decodable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_decodable(item) for item in value]
    return escaped_surrogates(value) if isinstance(value, str) else value
