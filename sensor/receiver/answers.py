"""Answers of `questions` as text for people. What workloads have named is made harmless."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensor.report.text import moment, plural, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = dict[str, Any]


def find_text(answer: Row) -> Iterator[str]:
    """Where a package is loaded, one container a paragraph."""
    for row in answer["found"]:
        yield _place(row)
        yield f"  {_package(row)}"
        yield f"  {_times(row)}"
    if answer["cut"]:
        yield "and more: ask for a version, or use --format json with a narrower name"
    if not answer["found"]:
        yield f"{printable(answer['asked'])}: not reported as loaded"
    yield _coverage_of_all(answer)


def _coverage_of_all(answer: Row) -> str:
    known = plural(answer["containers"], "deployed container")
    unsure = answer["containers_without_complete_coverage"]
    return f"{known} known, {unsure} of them without complete coverage"


def show_text(answer: Row) -> Iterator[str]:
    """A workload with its containers and their packages."""
    for row in answer["containers"]:
        yield _place(row)
        yield f"  {_state(row)}, agent {printable(row['agent'])}"
        for word, name in row["image"].items():
            yield f"  image {printable(word)}: {printable(name)}"
        for package in row["packages"]:
            yield f"  {_package(package)}"
            yield f"    {_times(package)}"
        for one in row["coverage"]:
            complete = "complete" if one["complete"] else "incomplete"
            runtime, how = printable(one["runtime"]), printable(one["how"])
            yield f"  coverage of {runtime}: {complete}, {how}, {moment(one['since'])}"
        for one in row["gaps"]:
            runtime = f"{printable(one['runtime'])}: " if one["runtime"] else ""
            yield f"  gap: {runtime}{printable(one['reason'])} ({one['count']})"
    if answer["cut"]:
        yield "and more: ask by NAMESPACE/KIND/NAME"
    if not answer["containers"]:
        yield f"{printable(answer['asked'])}: no such workload was reported"


def _place(row: Row) -> str:
    words = ("cluster", "namespace", "kind", "workload", "container")
    cluster, namespace, kind, workload, container = (printable(row[word]) for word in words)
    image = printable(row["image_name"])
    return f"{cluster}: {namespace}/{kind}/{workload} container {container} ({image})"


def _state(row: Row) -> str:
    state = f"deployed in {plural(row['pods'], 'pod')}" if row["deployed"] else "not deployed now"
    when = f", reported {moment(row['reported_at'])}" if row["reported_at"] else ""
    return state + when


def _package(row: Row) -> str:
    version = "" if "version" in row else " (version unknown)"
    inside = f", inside {printable(row['inside'])}" if row.get("inside") else ""
    now = "" if row["current"] else ", not in the last report"
    evidence = printable(", ".join(row["evidence"]))
    inferred = f", inferred {printable(row['inferredPurl'])}" if row.get("inferredPurl") else ""
    return f"{row['depth']}: {printable(row['purl'])}{version}{inside}{inferred} by {evidence}{now}"


def _times(row: Row) -> str:
    return f"seen from {moment(row['firstSeen'])} to {moment(row['lastSeen'])}"
