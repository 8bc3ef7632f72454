"""What we ask the API server for, as data: the chart's ClusterRole grants exactly this.

A test compares the chart with it; another one holds each request of a run against it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a ClusterRole: `group` is "" for the core API."""

    group: str
    resource: str
    verbs: tuple[str, ...]


# Nothing is listed but pods: a ReplicaSet or Job is asked for by name, once, for its owner. All
# other controllers are told by the owner references of what they made.
RULES = (
    Rule("", "pods", ("list", "watch")),
    Rule("", "nodes", ("get",)),
    Rule("apps", "replicasets", ("get",)),
    Rule("batch", "jobs", ("get",)),
)
