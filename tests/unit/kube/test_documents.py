"""docs/kubernetes.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from sensor.kube.filters import TYPES
from sensor.kube.pods import MOST_PAST, MOST_PODS
from sensor.kube.rbac import RULES
from sensor.kube.watch import PAGE

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs/kubernetes.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading, without its head."""
    part = TEXT.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_table_of_permissions_is_the_list_of_rules() -> None:
    told = {(group, resource, verbs) for group, resource, verbs, _ in rows("Permissions")}
    assert told == {(r.group or "core", r.resource, ", ".join(r.verbs)) for r in RULES}


def test_every_type_of_a_workload_is_named() -> None:
    assert set(TYPES) <= set(re.findall(r"`([a-z]+)`", TEXT))


def test_every_gap_is_explained() -> None:
    sources = "".join(file.read_text() for file in (ROOT / "sensor/kube").glob("*.py"))
    made = set(re.findall(r'Gap\(\s*"kubernetes", "([a-z ]+)"', sources)) | {"owner not readable"}
    assert made == {reason for reason, _ in rows("Gaps")}


def test_the_bounds_are_the_ones_of_the_code() -> None:
    assert f"more than {MOST_PODS:,}" in TEXT
    assert f"more than {MOST_PAST:,} within ten minutes" in TEXT
    assert f"in pages of {PAGE}" in TEXT
