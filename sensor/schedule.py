"""Who is looked at next: new processes soon, and again while they start; old ones now and then.

Pure: time comes in as seconds that only grow, chance as a `random.Random`. It knows nothing of
processes but their keys. It keeps to a share of one processor: what looks cost is told to it.
A look that is in hand (`take`) is out of the queues until one of `done`, `again`, `failed`,
`refused` says what became of it; `ended` may come at any time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sensor.fairqueue import FairQueue

if TYPE_CHECKING:
    import random

    from sensor.model.process import ProcessKey

# A node of 110 pods has one to three thousand processes; an entry takes 400 bytes.
MAX_ENTRIES: Final = 16_384
# A node starts with some hundred Python programs at 80 ms each: all of them at once is fine.
BURST_SECONDS: Final = 10.0
# An empty purse is opened again with so much in it.
LEAST_LEVEL: Final = 0.001
# Of the share, for processes that are not looked at for the first time or in their start-up.
OLD_PART: Final = 0.25
# After a failure: first, and at most.
FAILED_SECONDS: Final = 2.0
MOST_FAILED_SECONDS: Final = 900.0
# Each refused look may be written down by an audit system: they are not repeated often.
REFUSED_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Pace:
    """When a process is looked at. All in seconds.

    `first` after its program began, then each interval is `factor` times the one before, up to
    `most`; while looks still find something new, up to `busy`. Intervals of more than two `rounds`
    end on a common beat of that length, so that the worker sleeps in between.
    """

    first: float = 0.3
    factor: float = 3.0
    busy: float = 15.0
    most: float = 600.0
    rounds: float = 30.0
    jitter: float = 0.1


# For a few processes that somebody watches just now.
CLOSE: Final = Pace(first=0.2, factor=1.5, busy=2.0, most=10.0)


@dataclass(slots=True)
class _Entry:
    """One process. `fresh` until its first look is done; `turn` tells its programs apart."""

    group: str
    interval: float
    turn: int
    fresh: bool = True
    failures: int = 0


@dataclass(slots=True)
class _Bucket:
    """Seconds of processor time that may be used: it fills at `rate` up to `most`."""

    rate: float
    most: float
    level: float

    def fill(self, seconds: float) -> float:
        """Let time pass; answer what did not fit."""
        full = self.level + self.rate * seconds
        self.level = min(full, self.most)
        return full - self.level

    def wait(self) -> float:
        """For how many seconds nothing may be taken out."""
        return 0.0 if self.level > 0 else (LEAST_LEVEL - self.level) / self.rate


class Schedule:
    """Which process is due. `share` is of one processor (0.05: five percent)."""

    def __init__(
        self,
        chance: random.Random,
        pace: Pace | None = None,
        *,
        share: float = 0.05,
        max_entries: int = MAX_ENTRIES,
    ) -> None:
        """Begin with nobody, and with a full purse."""
        self._chance = chance
        self._pace = pace or Pace()
        self._max = max_entries
        self._beat = chance.uniform(0, self._pace.rounds)
        self._entries: dict[ProcessKey, _Entry] = {}
        self._soon: FairQueue[ProcessKey] = FairQueue()
        self._old: FairQueue[ProcessKey] = FairQueue()
        self._in_hand: dict[ProcessKey, int] = {}
        old = share * OLD_PART
        self._for_soon = _Bucket(share - old, BURST_SECONDS, BURST_SECONDS)
        self._for_old = _Bucket(old, BURST_SECONDS * OLD_PART, 0.0)
        self._filled: float | None = None
        self._turn = 0
        self.dropped = 0

    def __len__(self) -> int:
        """How many processes it knows."""
        return len(self._entries)

    def __contains__(self, key: ProcessKey) -> bool:
        """Whether it knows this one."""
        return key in self._entries

    def started(
        self, key: ProcessKey, group: str, now: float, age: float | None = None
    ) -> ProcessKey | None:
        """A process, known or not, runs a program since `age` seconds (None: nobody knows).

        Answers the process that was left out to make room, if one was.
        """
        full = key not in self._entries and len(self._entries) >= self._max
        left_out = self._make_room() if full else None
        self._turn += 1
        young = age is not None and age < self._pace.busy
        interval = self._pace.first if young else self._pace.busy
        self._entries[key] = _Entry(group, interval, self._turn)
        wait = max(0.0, self._pace.first - age) if age is not None else 0.0
        self._put(key, now + wait)
        return left_out

    def hurry(self, key: ProcessKey, now: float) -> None:
        """Look at it now: there is a reason, though it told of none."""
        if key in self._entries and key not in self._in_hand:
            entry = self._entries[key]
            entry.interval, entry.fresh, entry.failures = self._pace.first, True, 0
            self._put(key, now)

    def ended(self, key: ProcessKey) -> None:
        """A process is no more."""
        self._entries.pop(key, None)
        self._soon.discard(key)
        self._old.discard(key)

    def regroup(self, key: ProcessKey, group: str) -> None:
        """Say better where a process belongs, from its next turn on."""
        if key in self._entries:
            self._entries[key].group = group

    def take(self, now: float) -> ProcessKey | None:
        """Who is to be looked at now, if anybody is due and there is processor time for it."""
        self._refill(now)
        key = self._soon.pop(now) if self._for_soon.level > 0 else None
        if key is None and self._for_old.level > 0:
            key = self._old.pop(now)
        if key is not None:
            self._in_hand[key] = self._entries[key].turn
        return key

    def next_at(self, now: float) -> float | None:
        """When `take` will have somebody (now or later), None when nobody waits."""
        self._refill(now)
        times = [
            max(due, now + bucket.wait())
            for queue, bucket in ((self._soon, self._for_soon), (self._old, self._for_old))
            if (due := queue.next_due()) is not None
        ]
        return min(times, default=None)

    def done(self, key: ProcessKey, now: float, cpu: float, *, changed: bool) -> None:
        """The look is finished; `changed` says that it found something else than the last one."""
        entry = self._paid(key, cpu)
        if entry is None:
            return
        most = self._pace.busy if changed and not entry.fresh else self._pace.most
        if not entry.fresh or entry.interval < self._pace.busy:
            entry.interval = min(entry.interval * self._pace.factor, most)
        entry.fresh, entry.failures = False, 0
        self._put(key, self._later(now, entry.interval))

    def again(self, key: ProcessKey, now: float, cpu: float) -> None:
        """The look goes on: one slice of it was done."""
        if self._paid(key, cpu) is not None:
            self._put(key, now)

    def failed(self, key: ProcessKey, now: float, cpu: float) -> None:
        """The look failed for a reason that may pass: again later, and later each time."""
        entry = self._paid(key, cpu)
        if entry is not None:
            wait = min(FAILED_SECONDS * 2**entry.failures, MOST_FAILED_SECONDS)
            entry.failures = min(entry.failures + 1, 16)
            self._put(key, self._later(now, wait))

    def refused(self, key: ProcessKey, now: float, cpu: float) -> None:
        """The kernel did not permit the look."""
        if self._paid(key, cpu) is not None:
            self._put(key, self._later(now, REFUSED_SECONDS))

    def _paid(self, key: ProcessKey, cpu: float) -> _Entry | None:
        """Charge a look; its entry, if it is still of the same program."""
        entry, turn = self._entries.get(key), self._in_hand.pop(key, None)
        soon = entry is None or self._is_soon(entry)
        bucket = self._for_soon if soon else self._for_old
        bucket.level -= cpu
        return entry if entry is not None and entry.turn == turn else None

    def _is_soon(self, entry: _Entry) -> bool:
        return (entry.fresh and not entry.failures) or entry.interval < self._pace.busy

    def _put(self, key: ProcessKey, due: float) -> None:
        entry = self._entries[key]
        here, there = self._soon, self._old
        if not self._is_soon(entry):
            here, there = there, here
        there.discard(key)
        here.put(key, entry.group, due)

    def _later(self, now: float, wait: float) -> float:
        due = now + wait * (1 + self._chance.uniform(0, self._pace.jitter))
        if wait <= 2 * self._pace.rounds:
            return due
        beats = -(-(due - self._beat) // self._pace.rounds)
        return self._beat + beats * self._pace.rounds

    def _refill(self, now: float) -> None:
        passed = now - self._filled if self._filled is not None else 0.0
        self._filled = now
        # What one purse cannot hold goes to the other.
        over = self._for_soon.fill(passed)
        self._for_old.level = min(self._for_old.level + over, self._for_old.most)
        over = self._for_old.fill(passed)
        self._for_soon.level = min(self._for_soon.level + over, self._for_soon.most)

    def _make_room(self) -> ProcessKey | None:
        """The group with the most processes loses one: the old ones first, then the new ones."""
        key = self._old.newest_of_largest() or self._soon.newest_of_largest()
        if key is not None:
            self.ended(key)
            self.dropped += 1
        return key
