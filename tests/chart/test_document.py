"""The README of the chart is what its values.yaml says; the chart is of this version."""

from __future__ import annotations

import pytest
import yaml

from sensor import __version__
from tests.chart.document import CHART, Value, document, values

VALUES = (CHART / "values.yaml").read_text()


def leaves(tree: dict[str, object], prefix: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in tree.items():
        inner = isinstance(value, dict) and value
        found |= leaves(inner, f"{prefix}{name}.") if inner else {f"{prefix}{name}": value}
    return found


def test_the_readme_is_written_from_the_values() -> None:
    """To write it again: python -m tests.chart.document."""
    assert (CHART / "README.md").read_text() == document(VALUES)


def test_every_value_is_in_it_with_its_default() -> None:
    told = {each.name: each.default for each in values(VALUES) if each.default}
    read = {name: yaml.safe_load(default) for name, default in told.items()}
    assert read == leaves(yaml.safe_load(VALUES))


def test_a_group_tells_for_its_values() -> None:
    source = "# About\n# a.\na:\n  b: 1\n  # -- Own.\n  c: 2\n"
    assert list(values(source)) == [
        Value("a", "", "About a."),
        Value("a.b", "1", ""),
        Value("a.c", "2", "Own."),
    ]


def test_a_value_that_nothing_tells_about_is_refused() -> None:
    with pytest.raises(ValueError, match=r"what a\.b is"):
        list(values("a:\n  b: 1\n"))


def test_the_chart_installs_this_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == __version__
    assert chart["name"] == "runtime-sensor"
    assert chart["kubeVersion"] == ">=1.19.0-0"
