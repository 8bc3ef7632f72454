"""What a fixture of a Python process must give."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sensor.model.finding import Finding

FIXTURES = Path(__file__).parents[2] / "fixtures" / "python"


def facts(finding: Finding) -> dict[str, Any]:
    """The part of a finding that does not depend on when it was read."""
    assert finding.coverage
    return {
        "how": finding.coverage.how,
        "complete": finding.coverage.complete,
        "packages": sorted(package.purl for package in finding.packages),
        "gaps": sorted([gap.reason, gap.detail] for gap in finding.gaps),
    }
