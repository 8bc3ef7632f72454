"""The seam: what every source of events can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from probes.event import Event


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a probe cannot run here: `what` is missing, and what would `fix` it."""

    what: str
    fix: str


class Probe(Protocol):
    """A source of events. Made without effort; started once; closed once or more."""

    @property
    def name(self) -> str:
        """Its name in settings and messages: "ebpf", "scan"."""

    def check(self) -> Missing | None:
        """Try whether it can run, by doing all of it and undoing it again. Not when started."""

    def start(self) -> None:
        """Begin to collect. Raises ProbeError, and then nothing is left behind."""

    def fileno(self) -> int:
        """Return a descriptor that becomes readable when it is time to drain, every second or less.

        (The scan probe comes by its interval instead.) Draining makes it unreadable again.
        """

    def drain(self, handle: Callable[[Event], None], limit: int) -> int:
        """Give at most `limit` events to `handle`, oldest first; return how many.

        When it returns `limit` there may be more: call again, `fileno` need not say so. An event
        counts as taken when `handle` is called; what `handle` raises passes through. Raises
        ProbeError when the source is broken: close it then, and choose again.
        """

    def lost(self) -> int:
        """Return how many events there were, since the start, that nobody will get."""

    def close(self) -> None:
        """Stop collecting and give everything back; `lost` keeps its last answer."""
