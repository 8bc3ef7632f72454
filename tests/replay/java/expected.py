"""What a recorded JVM is expected to give: written when it is recorded, compared at each replay."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sensor.model.finding import Finding

FIXTURES = Path(__file__).parents[2] / "fixtures" / "java"
EXPECTED = "expected.json"


def words(found: Finding) -> dict[str, Any]:
    """A finding in the words of expected.json."""
    assert found.coverage
    return {
        "how": found.coverage.how,
        "complete": found.coverage.complete,
        "gaps": [[gap.reason, gap.detail] for gap in found.gaps],
        "packages": [[p.purl, p.state, p.depth] for p in found.packages],
    }
