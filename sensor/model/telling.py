"""How much is told of what can be many: the first ones, and how many more there are."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sensor.model.finding import Gap

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def few(names: Sequence[str], most: int) -> str:
    """The first `most` names in their order, with the number of the others."""
    told = ", ".join(names[:most])
    return told if len(names) <= most else f"{told} and {len(names) - most} more"


def few_gaps(runtime: str, told: Iterable[tuple[str, str]], most: int) -> tuple[Gap, ...]:
    """Gaps of (reason, detail) pairs, sorted, each once: `most` of a reason, then their number."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for reason, detail in sorted(set(told)):
        by_reason[str(reason)].append(detail)
    found = []
    for reason, details in by_reason.items():
        found += [Gap(runtime, reason, detail) for detail in details[:most]]
        if len(details) > most:
            found.append(Gap(runtime, reason, f"and {len(details) - most} more"))
    return tuple(found)
