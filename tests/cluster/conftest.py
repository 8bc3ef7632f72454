"""Both clusters, each started once for all tests, and their logs in the report of a failure."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.cluster import images
from tests.cluster.lab import Cluster
from tests.cluster.leftovers import Trace
from tests.cluster.manifests import pod
from tests.cluster.place import place_at_root
from tests.cluster.recipes import CURRENT, OLD, recipe
from tests.harness.skips import need

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from contextlib import AbstractContextManager

    from tests.harness.fixtures import Toolbox


class Start(Protocol):
    """Run a cluster in a `with`: its name among the recipes, the root cgroup of its pods."""

    def __call__(
        self, name: str, cgroup: str, *, with_old_etcd: bool = False
    ) -> AbstractContextManager[Cluster]: ...


RUNNING = pytest.StashKey[list[Cluster]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RUNNING] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        for cluster in item.config.stash[RUNNING]:
            for name, text in cluster.tails():
                report.sections.append((f"{cluster.recipe.version} {name}", text))
    return report


@pytest.fixture(scope="session")
def start(
    toolbox: Toolbox, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Start:
    """Return what runs a cluster, and at its end looks for what it left: there must be nothing."""
    need(os.geteuid() == 0, "namespaces and containers", "root")
    running = request.config.stash[RUNNING]

    @contextmanager
    def begin(name: str, cgroup: str, *, with_old_etcd: bool = False) -> Iterator[Cluster]:
        logs = tmp_path_factory.mktemp(f"kubernetes-{name}")
        made = recipe(name, toolbox, cgroup, with_old_etcd=with_old_etcd)
        cluster = Cluster(made, logs, [images.pause(), images.shell()])
        running.append(cluster)
        trace = Trace()
        with cluster:
            # One pod that still runs when the cluster is stopped.
            cluster.client.apply(pod("resident", "default"))
            cluster.until(lambda: is_running(cluster, "resident", "default"), "a pod runs")
            yield cluster
            trace.look(cluster)
        assert trace.left(cluster) == []

    return begin


@pytest.fixture(scope="session")
def old(start: Start) -> Iterator[Cluster]:
    """Return Kubernetes 1.20; its pods are where most nodes have them, in /kubepods.

    Only one kubelet of the machine can have that place: where another has it, they are elsewhere.
    """
    with place_at_root(f"/runtime-sensor-old-{os.getpid()}") as place, start(OLD, place) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def current(start: Start) -> Iterator[Cluster]:
    """Return a Kubernetes of today, which has its pods below a cgroup of its own."""
    with start(CURRENT, f"/runtime-sensor-pods-{os.getpid()}") as cluster:
        yield cluster


@pytest.fixture(params=[OLD, CURRENT])
def cluster(request: pytest.FixtureRequest) -> Cluster:
    """Return each of the two in turn."""
    found: Cluster = request.getfixturevalue({OLD: "old", CURRENT: "current"}[request.param])
    return found


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """Make a namespace for one test; afterwards all that is in it ends."""
    with cluster.namespace() as name:
        yield name


def is_running(cluster: Cluster, name: str, namespace: str) -> bool:
    """Return whether the pod runs."""
    found = cluster.client.get("pod", name, f"--namespace={namespace}")
    return bool(found["status"]["phase"] == "Running")
