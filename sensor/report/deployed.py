"""What is deployed, told once: the containers of each workload, whatever the number of its pods.

Pure. Every format that has to name deployed workloads is derived from this.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sensor.model.batch import Batch
    from sensor.model.workload import ContainerRole, ImageIdentity, Workload


class Deployed(NamedTuple):
    """One container of a workload with one image, and in how many of its pods it is."""

    workload: Workload
    container: str
    role: ContainerRole
    image: ImageIdentity
    pods: int


def deployed(batch: Batch) -> list[Deployed]:
    """All of them in order. During a rollout one container stands there once for each image."""
    count = Counter(
        (pod.workload, one.name, one.role, one.image)
        for pod in batch.deployed
        for one in pod.containers
    )
    return [Deployed(*key, pods) for key, pods in sorted(count.items())]
