"""Whether the files of loaded modules are there: a process can write anything into its memory.

A few files of each package are enough to prove it; the others are looked at when none of those is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.host.seam import Files
    from sensor.model.budget import Budget
    from sensor.resolvers.node.drafts import Draft

# Between two questions for the time: 10 µs each.
STEP = 500


def look(
    files: Files,
    drafts: Sequence[Draft],
    lone: Sequence[str],
    state: dict[str, Any],
    budget: Budget,
) -> bool:
    """Put the files that are not there into `state["gone"]`; False when the slice is over first.

    `lone` are files of no package. `state` is plain data, and says where to go on with the same
    drafts and files.
    """
    first = [file for draft in drafts for file in draft.first()] + list(lone)
    if not _stat(files, first, state, "first", budget):
        return False
    # What is gone of the first ones decides; of the others it does not matter.
    gone = frozenset(state["gone"]).intersection(first)
    rest = [file for draft in drafts for file in draft.rest(gone)]
    return _stat(files, rest, state, "rest", budget)


def _stat(
    files: Files, paths: Sequence[str], state: dict[str, Any], stage: str, budget: Budget
) -> bool:
    while state.setdefault(stage, 0) < len(paths):
        part = paths[state[stage] : state[stage] + STEP]
        there = files.stat_many(part)
        gone = (path for path, found in zip(part, there, strict=True) if found is None)
        state["gone"] = sorted({*state["gone"], *gone})
        state[stage] += len(part)
        if budget.due():
            return False
    return True
