"""Gaps are few, sorted, told once."""

from __future__ import annotations

from sensor.resolvers.python.modules import Module
from sensor.resolvers.python.told import MAX_SAME, Told, few, frozen_names


def test_equal_gaps_are_told_once_and_in_order() -> None:
    told = Told()
    for detail in ("b", "a", "b"):
        told.add("reason", detail)
    told.add("another", "x")
    assert [(gap.reason, gap.detail) for gap in told.gaps()] == [
        ("another", "x"),
        ("reason", "a"),
        ("reason", "b"),
    ]


def test_many_gaps_of_one_reason() -> None:
    told = Told()
    for number in range(MAX_SAME + 5):
        told.add("reason", f"{number:03}")
    gaps = told.gaps()
    assert len(gaps) == MAX_SAME + 1
    assert gaps[-1].detail == "and 5 more"


def test_few_names() -> None:
    assert few(["b", "a", "b"]) == "a, b"
    assert few(f"{number:02}" for number in range(12)).endswith("09 and 2 more")
    assert len(few(["x" * 1000])) == 200


def test_frozen_names_leave_out_the_standard_library() -> None:
    modules = [
        Module("json", "/x/json.pyc"),
        Module("yaml.loader", "/x/yaml/loader.pyc"),
        Module("yaml", "/x/yaml/__init__.pyc", version="6.0"),
        Module("six", "/x/six.pyc", version="1.16"),
        Module("builtin", None),
        Module("__main__", "main.py"),
    ]
    assert frozen_names(modules, frozenset(["six"])) == ["yaml (says 6.0)"]
