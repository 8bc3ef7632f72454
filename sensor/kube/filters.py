"""Which pods are reported: the allow-lists `sensor.filters.*` of the chart. Pure.

Each list that is given must match; one that is not given matches every pod. The type is that of the
top controller: the Pod of a Deployment's ReplicaSet is "deployment" and not "replicaset". A pod
without a controller, or with a custom one, has no type: it matches when no type is asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sensor.model.workload import Pod, Workload

# The documented types. A Job of another API group (volcano's, say) is a custom controller.
TYPES = {
    "deployment": ("apps", "Deployment"),
    "daemonset": ("apps", "DaemonSet"),
    "statefulset": ("apps", "StatefulSet"),
    "replicaset": ("apps", "ReplicaSet"),
    "job": ("batch", "Job"),
    "cronjob": ("batch", "CronJob"),
}
_BY_KIND = {kind: name for name, kind in TYPES.items()}
# RFC 1123 label; a label's key with its optional prefix, and its value (kubernetes.io, "Names",
# "Labels and Selectors").
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_KEY = re.compile(r"([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")


@dataclass(frozen=True, slots=True)
class Filters:
    """Allow-lists; empty ones were not given. Made by `filters`, which checks them."""

    types: frozenset[str] = frozenset()
    namespaces: frozenset[str] = frozenset()
    labels: frozenset[tuple[str, str]] = frozenset()

    def admit(self, pod: Pod) -> bool:
        """Whether the pod, by all that is given, is to be looked at and reported."""
        if self.namespaces and pod.namespace not in self.namespaces:
            return False
        if self.types and type_of(pod.workload) not in self.types:
            return False
        return self.labels <= set(pod.labels)

    @property
    def label_keys(self) -> frozenset[str]:
        """The keys of labels that must be kept of each pod."""
        return frozenset(key for key, _ in self.labels)


def type_of(workload: Workload) -> str | None:
    """One of TYPES, or None for a bare pod and for custom controllers."""
    group = workload.api_version.partition("/")[0]
    return _BY_KIND.get(("apps" if group == "extensions" else group, workload.kind))


def filters(
    types: Iterable[str] = (),
    namespaces: Iterable[str] = (),
    labels: Mapping[str, str] | None = None,
) -> Filters:
    """Check what was given: one that cannot match anything is a mistake. Raises UsageError."""
    labels = labels or {}
    made = Filters(
        frozenset(name.strip().lower() for name in types),
        frozenset(name.strip() for name in namespaces),
        frozenset(labels.items()),
    )
    _refuse("workloadTypes", made.types - TYPES.keys(), f"one of {', '.join(TYPES)}")
    wrong = {name for name in made.namespaces if not _NAMESPACE.fullmatch(name)}
    _refuse("namespaces", wrong, "the name of a namespace")
    wrong = {f"{k}={v}" for k, v in labels.items() if not _KEY.fullmatch(k)}
    wrong |= {f"{k}={v}" for k, v in labels.items() if not _VALUE.fullmatch(v)}
    _refuse("podLabels", wrong, "the key and value of a label")
    return made


def _refuse(name: str, wrong: Iterable[str], allowed: str) -> None:
    for value in sorted(wrong):
        raise UsageError(f"sensor.filters.{name}: {value!r} is not {allowed}")
