"""What a shop is, without the sensor: what its containers say, and what the kernel and dpkg know.

The programs print what they have loaded (`programs/`); the OS packages are those of the files that
their processes map.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from tests.cluster import debs, workloads
from tests.cluster.client import FailedError

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from tests.cluster.lab import Cluster
    from tests.cluster.workloads import Place

# Kind, name and version of packages.
Names = frozenset[tuple[str, str, str]]
NOTHING: Names = frozenset()
# Of these kinds names are the same in any case; PyPI's also with any of `-_` (PEP 503).
ANY_CASE = {"pypi", "nuget"}
# Ecosystems: what else a program says is not the name of a package.
KINDS = {"pypi", "golang", "npm", "maven", "nuget", "generic", "deb"}


class Part(NamedTuple):
    """What a container of a workload is: its role, in how many pods, what is loaded in it."""

    role: str
    pods: int
    loaded: Names


def truth(cluster: Cluster, namespace: str, known: Collection[Place] = ()) -> dict[Place, Part]:
    """What the shop is, where each of its containers has said what it loaded; not of the known."""
    found = {}
    pods = cluster.client.get("pods", f"--namespace={namespace}")["items"]
    for place, (role, count) in workloads.deployed(namespace, cluster.recipe.minor).items():
        if place in known:
            continue
        mine = [one for one in pods if workloads.workload_of(one) == place[1:3]]
        said = [_loaded(cluster, one, place.container) for one in mine]
        if len(said) == count and None not in said:
            (loaded,) = {each for each in said if each is not None}
            found[place] = Part(role, count, loaded)
    return found


def late_truth(cluster: Cluster, namespace: str, twin: Part) -> Names:
    """What the late Job said that it loaded, and the OS packages of its twin, which still runs."""
    pods = cluster.client.get("pods", f"--namespace={namespace}", "--selector=job-name=late")
    (one,) = pods["items"]
    said = spoken(cluster, one, "main")
    assert said is not None
    return packages(said) | {name for name in twin.loaded if name[0] == "deb"}


def packages(said: dict[str, Any]) -> Names:
    """All packages of what is said, as both sides can be compared."""
    return frozenset(
        (kind, _plain(kind, name), version)
        for kind in said.keys() & KINDS
        for name, version in said[kind].items()
    )


def spoken(cluster: Cluster, one: dict[str, Any], container: str) -> dict[str, Any] | None:
    """What a container printed, None as long as it has not."""
    place = one["metadata"]
    words = ("logs", f"--namespace={place['namespace']}", place["name"])
    try:
        lines = cluster.client.kubectl(*words, f"--container={container}").splitlines()
    except FailedError:  # it has not begun
        return None
    told: list[dict[str, Any]] = [json.loads(line) for line in lines if line.startswith("{")]
    return told[0] if told else None


def _loaded(cluster: Cluster, one: dict[str, Any], container: str) -> Names | None:
    """What is loaded in a container of a pod; the init one loads nothing, and is over."""
    if container == workloads.INIT:
        return NOTHING
    said = spoken(cluster, one, container)
    if said is None:
        return None
    return packages(said) | _installed(cluster, one, container, said.get("files", []))


def _installed(cluster: Cluster, one: dict[str, Any], container: str, files: list[str]) -> Names:
    """The OS packages of what its processes map, and of these further files."""
    pids = cluster.pids_of(_container_id(one, container))
    return frozenset(
        package for pid in pids for package in debs.owners(pid, {*debs.mapped(pid), *files})
    )


def _container_id(one: dict[str, Any], container: str) -> str:
    states = [*one["status"]["containerStatuses"], *one["status"].get("initContainerStatuses", ())]
    (found,) = (each["containerID"] for each in states if each["name"] == container)
    return str(found).removeprefix("containerd://")


def _plain(kind: str, name: str) -> str:
    return name.lower().replace("_", "-") if kind in ANY_CASE else name
