"""A queue of keys by time that is fair between groups: who is due comes out group by group in turn.

A group with a thousand members that are due costs another group with one member one turn of
waiting, not a thousand. Pure: time is a number that is given.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

K = TypeVar("K", bound="Hashable")
# Stale records in a heap of a group beyond this, and beyond its living ones, are swept out.
MOST_STALE = 64


@dataclass(slots=True)
class _Group(Generic[K]):
    """A heap of (due, number, key). A record is stale when its number is not the key's."""

    heap: list[tuple[float, int, K]] = field(default_factory=list)
    living: dict[K, int] = field(default_factory=dict)

    def head(self) -> float | None:
        """When its first member is due."""
        while self.heap and self.living.get(self.heap[0][2]) != self.heap[0][1]:
            heapq.heappop(self.heap)
        return self.heap[0][0] if self.heap else None

    def push(self, due: float, number: int, key: K) -> None:
        """Add or move one."""
        self.living[key] = number
        heapq.heappush(self.heap, (due, number, key))
        if len(self.heap) > MOST_STALE + 2 * len(self.living):
            self.heap = [record for record in self.heap if self.living.get(record[2]) == record[1]]
            heapq.heapify(self.heap)

    def pop(self) -> K:
        """Take out the first member; `head` was asked before."""
        key = heapq.heappop(self.heap)[2]
        del self.living[key]
        return key


class FairQueue(Generic[K]):
    """Each key is in it once, in one group, with one time."""

    def __init__(self) -> None:
        """Begin empty."""
        self._groups: dict[str, _Group[K]] = {}
        self._group_of: dict[K, str] = {}
        self._number = 0

    def __len__(self) -> int:
        """How many keys are in it."""
        return len(self._group_of)

    def __contains__(self, key: K) -> bool:
        """Whether the key is in it."""
        return key in self._group_of

    def put(self, key: K, group: str, due: float) -> None:
        """Add a key, or move it to another group and time."""
        if self._group_of.get(key, group) != group:
            self.discard(key)
        self._number += 1
        self._groups.setdefault(group, _Group()).push(due, self._number, key)
        self._group_of[key] = group

    def discard(self, key: K) -> None:
        """Take a key out, if it is in."""
        group = self._group_of.pop(key, None)
        if group is not None:
            del self._groups[group].living[key]
            self._drop_if_empty(group)

    def pop(self, now: float) -> K | None:
        """Take out one key that is due: of the group that has waited longest for its turn."""
        for name, group in self._groups.items():
            due = group.head()
            if due is not None and due <= now:
                key = group.pop()
                del self._group_of[key]
                self._groups[name] = self._groups.pop(name)  # to the end of the line
                self._drop_if_empty(name)
                return key
        return None

    def next_due(self) -> float | None:
        """When the first key is due, None when there is none."""
        heads = (group.head() for group in self._groups.values())
        return min((due for due in heads if due is not None), default=None)

    def newest_of_largest(self) -> K | None:
        """The key that was put last into the group with the most keys: who is to go."""
        if not self._groups:
            return None
        largest = max(self._groups.values(), key=lambda group: len(group.living))
        return next(reversed(largest.living))

    def _drop_if_empty(self, name: str) -> None:
        if not self._groups[name].living:
            del self._groups[name]
