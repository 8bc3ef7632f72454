"""A report as our own facts: each line fits the schema, and says where, what and since when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from sensor.model.batch import Batch
from sensor.report import facts, placefacts
from tests.support import batches, schema
from tests.support.batches import batch

if TYPE_CHECKING:
    from sensor.report.facts import Line


def all_lines() -> list[Line]:
    return [orjson.loads(facts.dumps(line)) for line in placefacts.lines(batch())]


def of(kind: str) -> list[Line]:
    return [line for line in all_lines() if line["type"] == kind]


def test_every_line_fits_the_schema_and_has_no_field_beside_it() -> None:
    lines = all_lines()
    for line in lines:
        schema.check(line)
    assert [line["type"] for line in lines][-1] == "report"
    assert {line["type"] for line in lines} == {"workload", "package", "coverage", "gap", "report"}


def test_a_package_of_a_pod() -> None:
    (line,) = [one for one in of("package") if one["name"] == "golang.org/x/net"]
    assert line == {
        "type": "package",
        "schema": 1,
        "pid": None,
        "start_ticks": None,
        "container_id": f"{0x31:064x}",
        "runtime": "golang",
        "namespace": "shop",
        "pod": "night-3",
        "pod_uid": "pod-uid-3",
        "workload": {
            "api_version": "batch/v1",
            "kind": "CronJob",
            "namespace": "shop",
            "name": "night",
            "uid": "uid-night",
        },
        "container": "night",
        "container_type": "main",
        "image": {"spec": "busybox"},
        "purl": "pkg:golang/golang.org/x/net@v0.17.0",
        "name": "golang.org/x/net",
        "version": "v0.17.0",
        "state": "loaded",
        "depth": "loaded",
        "evidence": [
            {
                "kind": "pclntab",
                "source": "memory",
                "path": "/srv/secret-place",
                "detail": "module golang.org/x/net",
                "at": batches.AT,
            }
        ],
        "subpaths": ["", "http2"],
        "first_seen": batches.AT - 60,
        "last_seen": batches.AT,
    }


def test_what_is_unknown_is_told_with_its_reason() -> None:
    (line,) = [one for one in of("package") if one["name"] == "shaded"]
    assert (line["state"], line["reason"], line["container"]) == ("unknown", "contained", "web")


def test_without_a_cluster_there_are_no_words_of_one() -> None:
    plain = [line for line in all_lines() if line.get("container_id") == "5" * 64]
    assert len(plain) == 2
    assert not [line for line in plain if "namespace" in line or "image" in line]
    (host,) = [line for line in of("gap") if line["container_id"] is None]
    assert (host["reason"], host["runtime"]) == ("inventory full", None)


def test_deployed_workloads_stand_first_one_line_for_each_container() -> None:
    told = [(one["workload"]["name"], one["container"], one["pods"]) for one in of("workload")]
    assert told == [("web", "proxy", 2), ("web", "web", 2), ("night", "night", 1)]
    assert [line["type"] for line in all_lines()][:3] == ["workload"] * 3


def test_the_last_line_counts() -> None:
    (line,) = of("report")
    assert line["at"] == batches.AT
    assert (line["workloads"], line["places"], line["gaps"]) == (2, 5, 4)
    assert line["packages"] == {"loaded": 7, "not_observed": 0, "unknown": 1}


def test_coverage_names_the_living_processes_of_the_place() -> None:
    (line,) = [one for one in of("coverage") if one.get("pod") == "web-1"]
    assert (line["pids"], line["complete"]) == ([101, 102], True)


def test_a_report_of_nothing_is_one_line() -> None:
    (line,) = placefacts.lines(Batch(batches.AT))
    schema.check(line)
    assert line["packages"] == {"loaded": 0, "not_observed": 0, "unknown": 0}


@pytest.mark.parametrize(
    "change",
    [
        {"pids": None},
        {"exe": "/usr/bin/python3"},
        {"container_type": "other"},
        {"image": {}},
        {"workload": {"kind": "Deployment"}},
    ],
)
def test_the_schema_refuses_a_coverage_that_is_half_of_a_process(change: dict[str, Any]) -> None:
    line = next(one for one in of("coverage") if one.get("pod") == "web-1")
    with pytest.raises(schema.Broken):
        schema.check(line | change)
