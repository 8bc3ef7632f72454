"""Who may have the root cgroup: a kubelet deletes pods' cgroups that it does not know."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.cluster.space import PODS_CGROUP
from tests.fetch.component import default_root
from tests.live.containers.lab import hierarchies

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK = ".locks/cluster-at-root"


@contextmanager
def place_at_root(otherwise: str) -> Iterator[str]:
    """Return "/" while no other has it, else `otherwise`; nobody waits."""
    path = default_root() / LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield otherwise
            return
        # A real node, or what the guardian of a killed run has not ended yet.
        taken = any((root / PODS_CGROUP).exists() for root in hierarchies())
        yield otherwise if taken else "/"
