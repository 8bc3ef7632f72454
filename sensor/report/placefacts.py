"""A report as our own facts: what is deployed, and all that is known of each place. Pure.

The lines are those of `facts`, but about a place over time (a container, or the host) in place of
one process now: `pid` is null, and first and last sight stand beside each package. The types:
workload, package, coverage, gap, and last report.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sensor import __version__
from sensor.model.finding import State
from sensor.report.deployed import deployed
from sensor.report.facts import SCHEMA, Line, package_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.model.batch import Batch, Loaded, Place
    from sensor.model.workload import ImageIdentity, Workload
    from sensor.report.deployed import Deployed

# The names of an image, in the order in which they are written.
IMAGE = (
    *("spec", "resolved", "tag", "digest", "index_digest", "manifest_digest"),
    *("config_digest", "platform"),
)


def lines(batch: Batch) -> Iterator[Line]:
    """All lines of one report; the last one counts them."""
    counts: Counter[str] = Counter()
    for line in _lines(batch):
        counts[line["type"]] += 1
        counts[line.get("state", "")] += 1
        yield line
    yield {
        "type": "report",
        "schema": SCHEMA,
        "sensor_version": __version__,
        "at": batch.at,
        "workloads": len({pod.workload for pod in batch.deployed}),
        "places": len(batch.loaded),
        "packages": {state.value: counts[state] for state in State},
        "gaps": counts["gap"],
    }


def _lines(batch: Batch) -> Iterator[Line]:
    for one in deployed(batch):
        yield _workload_line(one)
    for loaded in batch.loaded:
        yield from _place_lines(loaded)


def _workload_line(one: Deployed) -> Line:
    return {
        "type": "workload",
        "schema": SCHEMA,
        "namespace": one.workload.namespace,
        "workload": _workload(one.workload),
        "container": one.container,
        "container_type": one.role,
        "image": _image(one.image),
        "pods": one.pods,
    }


def _place_lines(loaded: Loaded) -> Iterator[Line]:
    for fact in sorted(loaded.facts, key=lambda fact: (fact.package.runtime, fact.package.purl)):
        yield {
            **_head("package", loaded.place, fact.package.runtime),
            **package_words(fact.package),
            "first_seen": fact.first_seen,
            "last_seen": fact.last_seen,
        }
    pids = [key.pid for key in loaded.processes]
    for one in loaded.coverages:
        yield {
            **_head("coverage", loaded.place, one.runtime),
            "pids": pids,
            "complete": one.complete,
            "since": one.since,
            "how": one.how,
        }
    for gap in loaded.gaps:
        head = _head("gap", loaded.place, gap.runtime or None)
        yield {**head, "reason": gap.reason, "detail": gap.detail}


def _head(kind: str, place: Place, runtime: str | None) -> Line:
    head: Line = {
        "type": kind,
        "schema": SCHEMA,
        "pid": None,
        "start_ticks": None,
        "container_id": place.container_id,
        "runtime": runtime,
    }
    if place.pod is not None:
        head |= {
            "namespace": place.pod.namespace,
            "pod": place.pod.name,
            "pod_uid": place.pod.uid,
            "workload": _workload(place.pod.workload),
        }
    if place.container is not None:
        head["container"] = place.container.name
        head["container_type"] = place.container.role
        head["image"] = _image(place.container.image)
    return head


def _workload(one: Workload) -> Line:
    return {
        "api_version": one.api_version,
        "kind": one.kind,
        "namespace": one.namespace,
        "name": one.name,
        "uid": one.uid,
    }


def _image(image: ImageIdentity) -> Line:
    """Every name that is known."""
    return {field: name for field in IMAGE if (name := getattr(image, field))}
