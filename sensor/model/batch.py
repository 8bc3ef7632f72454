"""What a sink is given: the deployed workloads, and per container the facts about its packages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sensor.model.finding import Coverage, Gap, Package
    from sensor.model.process import ProcessKey
    from sensor.model.workload import Pod, PodContainer


@dataclass(frozen=True, slots=True)
class Fact:
    """A package over time: its strongest evidence, and when it was first and last seen (epoch)."""

    package: Package
    first_seen: float
    last_seen: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where facts belong: a container of a pod, or only a container id, or (None, …) the host."""

    container_id: str | None
    pod: Pod | None = None
    container: PodContainer | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """All that is known of one place now. The keys of processes are those living at that time."""

    place: Place
    facts: tuple[Fact, ...]
    coverages: tuple[Coverage, ...] = ()
    gaps: tuple[Gap, ...] = ()
    processes: tuple[ProcessKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """One report. `deployed` are the pods that run or are about to; `at` is the epoch time.

    Nothing stands in `loaded` with a pod whose workload is not in `deployed`.
    """

    at: float
    deployed: tuple[Pod, ...] = ()
    loaded: tuple[Loaded, ...] = ()
