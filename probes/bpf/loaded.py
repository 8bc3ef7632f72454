"""What the loading child hands over, and the form of its answer. Imported by both sides."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

# SCM_MAX_FD of the kernel is 253; we have ten.
MOST_DESCRIPTORS = 64
# Of a verifier's log the end says why; this is also what fits into one answer.
LOG_TAIL = 4000


@dataclass(slots=True)
class Loaded:
    """Descriptors by name. They are all that keeps it alive: nothing is pinned."""

    maps: dict[str, int] = field(default_factory=dict)
    programs: dict[str, int] = field(default_factory=dict)
    links: dict[str, int] = field(default_factory=dict)

    def close(self) -> None:
        """Close every descriptor: the kernel detaches and frees. Links first."""
        for group in (self.links, self.programs, self.maps):
            for descriptor in group.values():
                os.close(descriptor)
            group.clear()
