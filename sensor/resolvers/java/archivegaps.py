"""Gaps of the way from classes to packages: noted as plain data during a look, told at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sensor.resolvers.java.archivereasons import Reason

# Gaps of one reason; beyond them only their number is told.
MAX_TOLD: Final = 20


def note(state: dict[str, Any], reason: Reason, detail: str) -> None:
    """Remember one for the end of the look; each is told once."""
    gaps = state.setdefault("gaps", [])
    if [reason, detail] not in gaps:
        gaps.append([reason, detail])
