"""How much one look may cost. The host counts below the seam, the resolver asks between steps."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensor.errors import BudgetSpent

if TYPE_CHECKING:
    from collections.abc import Callable

MIB = 1 << 20
# No process may hold the caller longer than 250 ms at a time; a step between two questions to
# `due` takes up to 50 ms, so a slice is 200 ms.
SLICE_SECONDS = 0.2
# The largest measured honest look is 10.7 MB and 39 calls (11,000 Python modules): room for six.
SLICE_BYTES = 64 * MIB
SLICE_CALLS = 50_000
# Beyond this in one slice a step has run away (a lying process): the look ends as a gap.
HARD_FACTOR = 4


@dataclass(slots=True)
class Meter:
    """Counts what the host reads of one process: `bytes` asked for and system `calls` made.

    `clock` is the time of the place where the process is, in seconds that only grow: in a recording
    it stands still. Raises BudgetSpent when the hard limits of the present slice are passed.
    """

    bytes: int = 0
    calls: int = 0
    hard_bytes: int = 1 << 62
    hard_calls: int = 1 << 62
    clock: Callable[[], float] = time.monotonic

    def charge(self, size: int, calls: int = 1) -> None:
        """Count a read of `size` bytes before it is made."""
        self.bytes += size
        self.calls += calls
        if self.bytes > self.hard_bytes or self.calls > self.hard_calls:
            raise BudgetSpent(f"{self.bytes} bytes in {self.calls} calls")


@dataclass(slots=True)
class Budget:
    """The budget of one slice of one look.

    Made when the slice begins; `due()` turns true when its time, bytes or calls are used. A
    resolver asks between small steps, stores where it is in its memo and returns `more`. Time is
    told by `clock`, by default that of the meter.
    """

    meter: Meter
    seconds: float = SLICE_SECONDS
    max_bytes: int = SLICE_BYTES
    max_calls: int = SLICE_CALLS
    clock: Callable[[], float] | None = None
    _now: Callable[[], float] = field(init=False)
    _end: float = field(init=False)
    _bytes: int = field(init=False)
    _calls: int = field(init=False)

    def __post_init__(self) -> None:
        """Start the slice, and set the meter's hard limits for it."""
        self._now = self.clock or self.meter.clock
        self._end = self._now() + self.seconds
        self._bytes = self.meter.bytes + self.max_bytes
        self._calls = self.meter.calls + self.max_calls
        self.meter.hard_bytes = self.meter.bytes + self.max_bytes * HARD_FACTOR
        self.meter.hard_calls = self.meter.calls + self.max_calls * HARD_FACTOR

    def due(self) -> bool:
        """Whether the slice is used up, and the resolver must stop at this point."""
        return (
            self._now() >= self._end
            or self.meter.bytes >= self._bytes
            or self.meter.calls >= self._calls
        )
