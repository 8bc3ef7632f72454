"""What the receiver takes for the wire: what our schema says, and a word for what is not."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from sensor.receiver.check import NotTheWire, NoValidator, checker
from sensor.report.snyk import bodies
from tests.support.batches import TARGET, batch

if TYPE_CHECKING:
    from collections.abc import Callable

check = checker()


def body() -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(bodies(batch(), TARGET)[0])
    return found


def fact(found: dict[str, Any], kind: str) -> dict[str, Any]:
    (one,) = [one for one in found["facts"] if one["type"] == kind]
    item: dict[str, Any] = one["data"][0]
    return item


def test_what_the_sensor_sends_is_taken() -> None:
    assert check(bodies(batch(), TARGET)[0]) == body()


def test_fields_that_are_new_are_taken() -> None:
    newer = body() | {"extra": 1}
    fact(newer, "loadedPackages")["extra"] = 1
    assert check(orjson.dumps(newer)) == newer


def no_report(found: dict[str, Any]) -> None:
    found["facts"] = [one for one in found["facts"] if one["type"] != "report"]


def two_reports(found: dict[str, Any]) -> None:
    found["facts"].insert(0, found["facts"][0])


def other_fact(found: dict[str, Any]) -> None:
    found["facts"][1]["type"] = "other"


def no_group(found: dict[str, Any]) -> None:
    found["target"]["userLocator"] = ""


def no_container(found: dict[str, Any]) -> None:
    del fact(found, "loadedPackages")["container"]


def no_evidence(found: dict[str, Any]) -> None:
    fact(found, "loadedPackages")["packages"][0]["evidence"] = []


def empty_version(found: dict[str, Any]) -> None:
    fact(found, "loadedPackages")["packages"][0]["version"] = ""


def no_manager(found: dict[str, Any]) -> None:
    del fact(found, "loadedPackages")["packages"][0]["type"]


def other_depth(found: dict[str, Any]) -> None:
    fact(found, "loadedPackages")["packages"][0]["depth"] = "deep"


def long_name(found: dict[str, Any]) -> None:
    fact(found, "deployedWorkloads")["namespace"] = "n" * 2000


def no_pods(found: dict[str, Any]) -> None:
    fact(found, "deployedWorkloads")["pods"] = 0


def huge_number(found: dict[str, Any]) -> None:
    fact(found, "deployedWorkloads")["pods"] = 1 << 63


@pytest.mark.parametrize(
    ("spoil", "where"),
    [
        (no_report, r"\$.facts"),
        (two_reports, r"\$.facts"),
        (other_fact, r"\$.facts\[1\].type"),
        (no_group, r"\$.target.userLocator"),
        (no_container, r"\$.facts\[2\].data\[0\]"),
        (no_evidence, r"packages\[0\].evidence"),
        (empty_version, r"packages\[0\].version"),
        (no_manager, r"packages\[0\]"),
        (other_depth, r"packages\[0\].depth"),
        (long_name, r"data\[0\].namespace"),
        (no_pods, r"data\[0\].pods"),
        (huge_number, r"data\[0\].pods"),
    ],
)
def test_what_breaks_the_schema_is_refused_with_its_place(
    spoil: Callable[[dict[str, Any]], None], where: str
) -> None:
    found = body()
    spoil(found)
    with pytest.raises(NotTheWire, match=where) as caught:
        check(orjson.dumps(found))
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"7", b'"x"', b"\xff", b"NaN", b"[" * 10_000])
def test_what_is_no_object_is_refused(data: bytes) -> None:
    with pytest.raises(NotTheWire):
        check(data)


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    with pytest.raises(NoValidator, match="jsonschema") as caught:
        checker()
    assert "runtime-sensor[receiver]" in caught.value.help
