"""Gaps of the way from classes to packages: noted as plain data during a look, told at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sensor.model.finding import Gap
from sensor.resolvers.java.words import RUNTIME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.resolvers.java.archivereasons import Reason

# Gaps of one reason; beyond them only their number is told.
MAX_TOLD: Final = 20


def note(state: dict[str, Any], reason: Reason, detail: str) -> None:
    """Remember one for the end of the look; each is told once."""
    gaps = state.setdefault("gaps", [])
    if [reason, detail] not in gaps:
        gaps.append([reason, detail])


def gaps_of(told: Sequence[tuple[str, str]]) -> list[Gap]:
    """Few of each reason, sorted."""
    by_reason: dict[str, list[str]] = {}
    for reason, detail in sorted(set(told)):
        by_reason.setdefault(str(reason), []).append(detail)
    found = []
    for reason, details in by_reason.items():
        found += [Gap(RUNTIME, reason, detail) for detail in details[:MAX_TOLD]]
        if len(details) > MAX_TOLD:
            found.append(Gap(RUNTIME, reason, f"and {len(details) - MAX_TOLD} more"))
    return found
