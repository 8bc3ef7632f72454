"""Both clusters, started once for all tests, and their logs in the report of a failure."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.cluster import images
from tests.cluster.at_once import at_once
from tests.cluster.lab import Cluster
from tests.cluster.leftovers import Trace
from tests.cluster.manifests import pod
from tests.cluster.place import place_at_root
from tests.cluster.recipes import CURRENT, OLD, recipe
from tests.harness.skips import need

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from contextlib import AbstractContextManager

    from tests.cluster.remains import Remains
    from tests.harness.fixtures import Toolbox


class Start(Protocol):
    """Run a cluster in a `with`: its name among the recipes, the root cgroup of its pods.

    With an old etcd it has no node.
    """

    def __call__(
        self, name: str, cgroup: str, *, with_old_etcd: bool = False
    ) -> AbstractContextManager[Cluster]: ...


RUNNING = pytest.StashKey[list[Cluster]]()
FOLDER = Path(__file__).parent
# What is left by installing is looked for after the last of these tests: in a run of all, later.
FIRST = FOLDER / "test_install.py"
FIXTURES = {OLD: "old", CURRENT: "current"}
# A kubelet of 1.20 looks for what ended pods left once a minute.
COLLECTED_SECONDS = 150


def pytest_configure(config: pytest.Config) -> None:
    config.stash[RUNNING] = []


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have all tests of clusters where the first one is, and begin with those that install."""
    own = [item for item in items if item.path.parent == FOLDER]
    if own:
        place = items.index(own[0])
        rest = [item for item in items if item.path.parent != FOLDER]
        own.sort(key=lambda item: item.path != FIRST)
        items[:] = [*rest[:place], *own, *rest[place:]]


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


@pytest.fixture(scope="package")
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
        on_node = [] if with_old_etcd else [images.pause(), images.shell()]
        cluster = Cluster(made, logs, on_node)
        running.append(cluster)
        trace = Trace()
        with cluster:
            if on_node:
                # One pod that still runs when the cluster is stopped.
                cluster.client.apply(pod("resident", "default"))
                cluster.until(lambda: is_running(cluster, "resident", "default"), "a pod runs")
            yield cluster
            if on_node:
                trace.look(cluster)
        assert trace.left(cluster) == []

    return begin


@pytest.fixture(scope="package")
def clusters(start: Start, request: pytest.FixtureRequest) -> Iterator[dict[str, Cluster]]:
    """Return those of the two that tests of this run are about; they start and end at once.

    The pods of 1.20 are where most nodes have them, in /kubepods. Only one kubelet of the machine
    can have that place: where another has it, they are elsewhere. A current one has its pods below
    a cgroup of its own.
    """
    about = set().union(*map(_about, request.session.items))
    asked = [name for name in FIXTURES if name in about]
    with place_at_root(f"/runtime-sensor-old-{os.getpid()}") as place:
        places = {OLD: place, CURRENT: f"/runtime-sensor-pods-{os.getpid()}"}
        with at_once([start(name, places[name]) for name in asked]) as begun:
            yield dict(zip(asked, begun, strict=True))


def _about(item: pytest.Item) -> set[str]:
    """The clusters of a test: by fixture, or both where it names none of the two."""
    assert isinstance(item, pytest.Function)
    words = set(item.fixturenames)
    named = {name for name, fixture in FIXTURES.items() if fixture in words}
    return named or (set(FIXTURES) if "clusters" in words else set())


@pytest.fixture(scope="package")
def left(clusters: dict[str, Cluster]) -> Iterator[list[Remains]]:
    """What releases have left for now. When all tests of clusters are over nothing is.

    So it is also after any one test that installs; the clusters still run then.
    """
    del clusters
    noted: list[Remains] = []
    yield noted
    assert [line for each in noted for line in each.left(COLLECTED_SECONDS)] == []


@pytest.fixture(scope="package")
def old(clusters: dict[str, Cluster]) -> Cluster:
    """Return Kubernetes 1.20."""
    return clusters[OLD]


@pytest.fixture(scope="package")
def current(clusters: dict[str, Cluster]) -> Cluster:
    """Return a Kubernetes of today."""
    return clusters[CURRENT]


def is_running(cluster: Cluster, name: str, namespace: str) -> bool:
    """Return whether the pod runs."""
    found = cluster.client.get("pod", name, f"--namespace={namespace}")
    return bool(found["status"]["phase"] == "Running")
