"""The Snyk wire: the body that a report becomes, word by word, and what it must never hold."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensor.model.batch import Batch, Loaded
from sensor.report.snyk import bodies
from sensor.report.snykloaded import without_container
from tests.support import batches
from tests.support.batches import TARGET, batch, fact, package, place

if TYPE_CHECKING:
    from sensor.model.finding import Package

EXPECTED = Path(__file__).parent / "expected" / "snyk.json"
SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "snyk.schema.json").read_text())
CHECK = jsonschema.Draft202012Validator(SCHEMA)


def decoded(report: Batch, most: int = 1_000_000) -> list[dict[str, Any]]:
    found = [orjson.loads(body) for body in bodies(report, TARGET, most)]
    for body in found:
        CHECK.validate(body)
    return found


def data(body: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [item for one in body["facts"] if one["type"] == kind for item in one["data"]]


def every(found: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [item for body in found for item in data(body, kind)]


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_body_word_by_word() -> None:
    (body,) = decoded(batch())
    body["identity"]["version"] = "VERSION"
    assert body == json.loads(EXPECTED.read_text())


def test_the_same_report_is_the_same_bytes() -> None:
    mixed = replace(batch(), deployed=batch().deployed[::-1], loaded=batch().loaded[::-1])
    assert bodies(mixed, TARGET) == bodies(batch(), TARGET)


def test_pods_of_one_workload_are_one_entry() -> None:
    (body,) = decoded(batch())
    web = next(one for one in data(body, "loadedPackages") if one["container"] == "web")
    (requests,) = [one for one in web["packages"] if one["name"] == "requests"]
    assert requests["depth"] == "initialized"
    assert (requests["firstSeen"], requests["lastSeen"]) == (batches.AT - 90, batches.AT)
    # Complete only if it is so in every pod.
    assert [one["complete"] for one in web["coverage"]] == [False]
    assert {one["reason"]: one["count"] for one in web["gaps"]} == {
        "memory not readable": 2,
        "too many processes": 1,
    }


def test_only_what_is_loaded_in_a_container_of_a_pod_is_told() -> None:
    whole = bodies(batch(), TARGET)[0].decode()
    assert "shaded" not in whole
    assert "5" * 64 not in whole
    assert without_container(batch()) == 2


def test_paths_and_details_stay_in_our_own_facts() -> None:
    assert b"secret-place" not in b"".join(bodies(batch(), TARGET))


def test_an_empty_cluster_is_told_too() -> None:
    (body,) = decoded(Batch(batches.AT))
    assert body["facts"] == [
        {"type": "report", "data": [{"at": batches.AT, "part": 1, "parts": 1}]}
    ]


def test_a_large_report_is_several_requests_each_below_the_bound() -> None:
    many = tuple(
        fact(package(f"pkg:pypi/p{number}@1.0", f"p{number}", "1.0")) for number in range(2000)
    )
    report = replace(batch(), loaded=(Loaded(place(batches.WEB_1), many, (batches.PYTHON,)),))
    found = decoded(report, 20_000)
    assert len(found) > 10
    assert max(len(body) for body in bodies(report, TARGET, 20_000)) <= 20_000
    reports = every(found, "report")
    assert [one["part"] for one in reports] == list(range(1, len(found) + 1))
    assert {one["parts"] for one in reports} == {len(found)}
    names = [one["name"] for entry in every(found, "loadedPackages") for one in entry["packages"]]
    assert sorted(names) == sorted(f"p{number}" for number in range(2000))


@given(st.integers(4200, 9000))
def test_whatever_the_bound_nothing_is_loaded_before_it_is_deployed(most: int) -> None:
    deployed: set[tuple[str, str, str]] = set()
    for body in decoded(batch(), most):
        deployed |= {workload(one) for one in data(body, "deployedWorkloads")}
        assert {workload(one) for one in data(body, "loadedPackages")} <= deployed


def workload(entry: dict[str, Any]) -> tuple[str, str, str]:
    return entry["namespace"], entry["workloadKind"], entry["workloadName"]


def test_cutting_changes_no_fact() -> None:
    whole, cut = decoded(batch()), decoded(batch(), 4500)
    assert len(cut) > 3
    assert every(whole, "deployedWorkloads") == every(cut, "deployedWorkloads")
    assert sorted(loaded(whole)) == sorted(loaded(cut))


def loaded(found: list[dict[str, Any]]) -> list[str]:
    entries = every(found, "loadedPackages")
    return [f"{one['container']} {line}" for one in entries for line in one["packages"]]


@pytest.mark.parametrize(
    "hostile",
    [
        package("pkg:pypi/" + "a" * 3000, "a" * 3000, None),
        package("pkg:pypi/a@" + "1" * 2000, "a", "1" * 2000),
        package("pkg:golang/a", "a", None, "golang", subpaths=("b" * 5000,)),
    ],
    ids=["name", "version", "subpath"],
)
def test_a_name_that_a_receiver_would_refuse_is_a_gap_and_stops_nothing(hostile: Package) -> None:
    report = replace(
        batch(), loaded=(Loaded(place(batches.WEB_1), (fact(hostile), fact(batches.REQUESTS))),)
    )
    (entry,) = every(decoded(report), "loadedPackages")
    assert [one["name"] for one in entry["packages"]] == ["requests"]
    assert entry["gaps"] == [{"runtime": hostile.runtime, "reason": "name too long", "count": 1}]


def inferred(name: str, inside: str | None = None) -> Package:
    purl = f"pkg:maven/org.guess/{name}@1.0"
    one = package(purl, name, "1.0", "java", inside=inside)
    return replace(one, identity="manifest", inferred=("namespace",), sha1="ab" * 20)


def test_what_was_inferred_never_stands_in_the_purl() -> None:
    carried = package("pkg:maven/g/part@2", "part", "2", "java", inside=inferred("a").purl)
    facts = tuple(map(fact, (inferred("a"), carried)))
    report = replace(batch(), loaded=(Loaded(place(batches.WEB_1), facts),))
    (entry,) = every(decoded(report), "loadedPackages")
    part, archive = entry["packages"]
    assert part["inside"] == archive["purl"] == "pkg:maven/a@1.0"
    assert archive["inferredPurl"] == "pkg:maven/org.guess/a@1.0"
    assert (archive["inferred"], archive["identity"]) == (["namespace"], "manifest")
    assert archive["sha1"] == "ab" * 20


def test_of_two_sights_the_stated_name_counts() -> None:
    stated = replace(inferred("a"), identity="pom.properties", inferred=())
    loaded = tuple(
        Loaded(place(pod), (fact(one),))
        for pod, one in ((batches.WEB_1, stated), (batches.WEB_2, inferred("a")))
    )
    (entry,) = every(decoded(replace(batch(), loaded=loaded)), "loadedPackages")
    (archive,) = entry["packages"]
    assert archive["purl"] == "pkg:maven/org.guess/a@1.0"
    assert "inferred" not in archive


def test_bytes_that_are_no_utf8_become_text() -> None:
    odd = package("pkg:pypi/odd", "odd\udcff", None)
    report = replace(batch(), loaded=(Loaded(place(batches.WEB_1), (fact(odd),)),))
    (entry,) = every(decoded(report), "loadedPackages")
    assert [one["name"] for one in entry["packages"]] == ["odd\\xff"]


def test_of_many_coverages_the_incomplete_ones_are_told() -> None:
    coverages = tuple(
        replace(batches.PYTHON, how=f"way {number:03}", complete=number != 150)
        for number in range(200)
    )
    report = replace(batch(), loaded=(Loaded(place(batches.WEB_1), (), coverages),))
    (entry,) = every(decoded(report), "loadedPackages")
    assert [one["how"] for one in entry["coverage"] if not one["complete"]] == ["way 150"]


@pytest.mark.parametrize(
    ("purl", "words"),
    [
        ("pkg:pypi/a@1", {"type": "pip"}),
        ("pkg:golang/a/b@1", {"type": "gomodules"}),
        ("pkg:maven/g/a@1", {"type": "maven"}),
        ("pkg:conda/a@1", {"type": "conda"}),
        (
            "pkg:deb/debian/a@1?arch=amd64&distro=debian-12",
            {"osFamily": "debian", "osVersion": "12", "arch": "amd64"},
        ),
        ("pkg:rpm/fedora/a@1", {"osFamily": "rpm", "osVersion": "", "arch": ""}),
    ],
)
def test_the_manager_comes_from_the_purl(purl: str, words: dict[str, str]) -> None:
    report = replace(
        batch(), loaded=(Loaded(place(batches.WEB_1), (fact(package(purl, "a", "1")),)),)
    )
    (entry,) = every(decoded(report), "loadedPackages")
    (line,) = entry["packages"]
    assert {key: line[key] for key in words} == words
    assert ("type" in line) == ("type" in words)
