"""What is deployed: workloads with a pod that runs or is about to. Pure.

A Deployment scaled to zero has no pod, and the pods of a finished Job have ended: neither is
deployed. So nothing but pods is asked for, in both modes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensor.kube.filters import Filters
    from sensor.kube.pods import Pods
    from sensor.model.workload import Pod, Workload


def deployed(pods: Pods, filters: Filters, since: float | None = None) -> tuple[Pod, ...]:
    """The deployed pods that the filters admit; `since` as in `Pods.deployed`."""
    return tuple(pod for pod in pods.deployed(since) if filters.admit(pod))


def workloads(pods: Iterable[Pod]) -> tuple[Workload, ...]:
    """Their workloads, each once, in order."""
    return tuple(sorted({pod.workload for pod in pods}))
