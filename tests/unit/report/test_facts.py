"""Facts on the wire: each line fits the schema, and says what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from sensor.model.container import Container
from sensor.report import facts
from sensor.report.summary import Summary
from tests.support import schema
from tests.support import seen as made

if TYPE_CHECKING:
    from sensor.report.facts import Line


def all_lines() -> list[Line]:
    """Every line about the made-up machine, as a reader gets it."""
    lines: list[Line] = []
    for seen in [*made.scan(), made.NOWHERE]:
        lines += [orjson.loads(facts.dumps(line)) for line in facts.lines(seen)]
    return lines


def summary() -> Line:
    counted = Summary()
    for seen in [*made.scan(), made.NOWHERE]:
        counted.add(seen)
    line = counted.line(seconds=1.25, cpu_seconds=0.5, rss_bytes=30 << 20)
    decoded: Line = orjson.loads(facts.dumps(line))
    return decoded


def test_every_line_fits_the_schema_and_has_no_field_beside_it() -> None:
    lines = [*all_lines(), summary()]
    for line in lines:
        schema.check(line)
    assert {line["type"] for line in lines} == {"package", "coverage", "gap", "summary"}


def test_the_document_holds_the_same_lines() -> None:
    lines = all_lines()
    document = orjson.loads(facts.dumps(facts.document(lines, summary()), indent=True))
    schema.check(document)
    parts = document["packages"] + document["coverage"] + document["gaps"]
    assert sorted(map(orjson.dumps, parts)) == sorted(map(orjson.dumps, lines))


def test_a_line_feed_ends_each_line_and_is_never_inside() -> None:
    data = b"".join(facts.dumps(line) for line in all_lines())
    assert data.endswith(b"\n")
    assert len(data.splitlines()) == len(all_lines())


def test_a_package_line() -> None:
    (line,) = (line for line in all_lines() if line.get("name") == "golang.org/x/net")
    assert line == {
        "type": "package",
        "schema": 1,
        "pid": 500,
        "start_ticks": 5000,
        "container_id": "3f" * 32,
        "runtime": "golang",
        "purl": "pkg:golang/golang.org/x/net@v0.17.0",
        "name": "golang.org/x/net",
        "version": "v0.17.0",
        "state": "loaded",
        "depth": "loaded",
        "evidence": [
            {
                "kind": "pclntab",
                "source": "memory",
                "path": "/app/server",
                "detail": "functions of golang.org/x/net",
                "at": made.AT,
            }
        ],
        "subpaths": ["", "http2", "http2/hpack"],
    }


def test_a_java_archive_says_how_it_is_known() -> None:
    archive = made.jar("pkg:maven/g/a@1", "a", "1", inferred=("namespace",))
    process = made.read(1, "/usr/bin/java", java=made.jvm(archive))
    line = orjson.loads(facts.dumps(next(facts.lines(process))))
    schema.check(line)
    words = {"identity": "manifest", "inferred": ["namespace"], "sha1": "ab" * 20}
    assert words.items() <= line.items()


def test_host_is_null_and_what_is_not_certain_is_not_told() -> None:
    assert {line["container_id"] for line in all_lines()} == {None, "3f" * 32}
    doubtful = made.read(1, "/x", container=Container("ab" * 32, certain=False), go=made.go())
    assert [line["container_id"] for line in facts.lines(doubtful)] == [None]


def test_the_gap_of_a_whole_process_has_no_runtime() -> None:
    gaps = {line["pid"]: line for line in all_lines() if line["type"] == "gap"}
    assert (gaps[700]["runtime"], gaps[700]["reason"]) == (None, "not permitted")
    assert gaps[450]["runtime"] == "python"


def test_bytes_that_are_no_utf8_are_escaped() -> None:
    (line,) = (line for line in all_lines() if line["pid"] == 520 and line["type"] == "coverage")
    assert line["exe"] == "/srv/evil\x1b]0;owned\x07\u202e\\xff\n"


def test_the_summary_counts() -> None:
    line = summary()
    assert line["processes"] == {"read": 9, "ended": 1, "not_permitted": 1, "failed": 0}
    assert line["runtimes"] == {"golang": 1, "python": 6}
    assert line["incomplete"] == {"python": 1}
    assert line["unsupported"] == {"ruby": 1}
    assert line["without_runtime"] == 1
    assert line["containers"] == 1
    assert line["packages"] == {"loaded": 17, "not_observed": 1, "unknown": 1}
    assert {"runtime": "python", "reason": "memory not readable", "count": 1} in line["gaps"]


@pytest.mark.parametrize(
    "change",
    [
        {"state": "unknown"},
        {"state": "not_observed"},
        {"depth": None},
        {"evidence": []},
        {"purl": "requests"},
        {"container_id": "containerd://ab"},
        {"reason": "none"},
        {"schema": 2},
        {"pid": 0},
    ],
)
def test_the_schema_refuses_what_breaks_the_rules_of_truth(change: dict[str, Any]) -> None:
    (line,) = (line for line in all_lines() if line.get("name") == "golang.org/x/net")
    with pytest.raises(schema.Broken):
        schema.check(line | change)
