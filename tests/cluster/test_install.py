"""`helm install` on a cluster where things run already: the receiver holds the truth, no more.

Helm 3.9 on Kubernetes 1.20, Helm 4.3 on a current one; the image is the one of this tree.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sensor.kube.rbac import RULES
from tests.cluster import node, workloads
from tests.cluster.recipes import CURRENT, OLD
from tests.cluster.release import NAMESPACE, Site
from tests.cluster.waiting import NeverHappenedError, until
from tests.cluster.workloads import Part, Place
from tests.fetch.chart import BASE_SUITE
from tests.image.buildah import built

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cluster.lab import Cluster
    from tests.cluster.told import Receiver
    from tests.harness.fixtures import Toolbox

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.root,
    pytest.mark.container,
    # The first test of a cluster starts it.
    pytest.mark.timeout(600),
]
HELMS = {OLD: "helm-3.9", CURRENT: "helm-4.3"}
ACCOUNT = f"system:serviceaccount:{NAMESPACE}:runtime-sensor"
# The promise: from the Ready of the pod to the whole truth.
PROMISED_SECONDS = 30
# Bits of linux/capability.h.
SYS_ADMIN = 1 << 21
NEEDED = 1 << 39 | 1 << 38 | 1 << 19 | 1 << 12 | 1 << 2
MEGABYTE = 1_000_000
# What differs between clusters is in the first test; the others take a minute more on each.
ON_OLD = pytest.mark.parametrize("shop", [OLD], indirect=True)

Truth = dict[Place, Part]


class Shop:
    """A cluster in which the shop is open, and all that is needed to install there."""

    def __init__(self, site: Site, namespace: str) -> None:
        self.site = site
        self.cluster = site.cluster
        self.namespace = namespace
        self.truth = workloads.truth(self.cluster, namespace)
        # The pod that each cluster of the tests has.
        self.others = {Place("default", "Pod", "resident", "main"): Part("main", 1, frozenset())}

    def everything(self, kind: str) -> Truth:
        """The whole cluster; the sensor, of this kind, does not look at itself."""
        own = Place(NAMESPACE, kind, "runtime-sensor", "runtime-sensor")
        return {**self.truth, **self.others, own: Part("main", 1, frozenset())}

    def only(self, admits: Callable[[Place], bool]) -> Truth:
        """What of the shop is admitted."""
        return {place: part for place, part in self.truth.items() if admits(place)}

    def late(self) -> Place:
        """Have a Job of a second run to its end; where it was."""
        self.cluster.client.apply(workloads.late_job(self.namespace))
        words = ("wait", "--for=condition=complete", "job/late", "--timeout=100s")
        self.cluster.client.kubectl(*words, f"--namespace={self.namespace}")
        return Place(self.namespace, "Job", "late", "main")


@pytest.fixture(scope="module", params=[OLD, CURRENT])
def shop(
    request: pytest.FixtureRequest, toolbox: Toolbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    cluster: Cluster = request.getfixturevalue({OLD: "old", CURRENT: "current"}[request.param])
    folder = tmp_path_factory.mktemp("shop")
    for made in (workloads.python_image, workloads.go_image):
        cluster.load(made(toolbox, folder))
    toolbox.path("buildah")
    buildah, name = built(toolbox.path("image-base"), BASE_SUITE)
    buildah.archive(name, folder / "sensor.tar")
    cluster.load_archive(folder / "sensor.tar")
    helm = toolbox.path(HELMS[request.param]) / "bin" / "helm"
    with cluster.namespace() as namespace:
        workloads.start(cluster, namespace)
        site = Site(cluster, helm, name, folder)
        with site.open():
            yield Shop(site, namespace)


def settle(receiver: Receiver, truth: Truth) -> float:
    """Wait for the truth as long as is promised; how long it took."""
    began = time.monotonic()
    same(receiver.now, truth)
    return time.monotonic() - began


def same(look: Callable[[], object], wanted: object) -> None:
    """Wait until a look finds what is wanted; a failure shows what differs."""
    try:
        until(lambda: look() == wanted, "as wanted", PROMISED_SECONDS)
    except NeverHappenedError:
        assert look() == wanted


def test_the_receiver_holds_the_truth(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    first = len(shop.cluster.requests())
    with shop.site.installed() as receiver:
        seconds = settle(receiver, shop.everything("DaemonSet"))
        late = shop.late()
        loaded = workloads.late_truth(shop.cluster, shop.namespace)
        until(lambda: receiver.ever(late) == loaded, "what the Job loaded", PROMISED_SECONDS)
        used = node.usage(shop.site.container())
        resident = sum(map(most_resident, shop.site.pids()))
    requests = shop.cluster.requests()[first:]
    assert_granted_is_used(requests, shop.cluster.recipe.minor)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{shop.cluster.recipe.version}: the truth {seconds:.1f} s after Ready; at most"
            f" {used.bytes / MEGABYTE:.0f} MB with page cache, {resident / MEGABYTE:.0f} MB of all"
            f" its processes' peaks, {used.seconds:.1f} s of CPU\n"
        )
    kubectl = shop.cluster.client.kubectl
    kubectl("delete", "job", "late", f"--namespace={shop.namespace}")


def assert_granted_is_used(requests: list[dict[str, Any]], minor: int) -> None:
    """Each request of the sensor was allowed, and each permission was asked for."""
    own = [one for one in requests if one["user"]["username"] == ACCOUNT]
    assert not {one["responseStatus"]["code"] for one in own} & {401, 403}
    asked = {
        (one["objectRef"].get("apiGroup", ""), one["objectRef"]["resource"], one["verb"])
        for one in own
    }
    granted = {(rule.group, rule.resource, verb) for rule in RULES for verb in rule.verbs}
    # A current server lists by watch: then nothing is listed.
    granted -= set() if minor == 20 else {("", "pods", "list")}
    assert asked == granted


def most_resident(pid: int) -> int:
    """The most bytes that a process had resident at once (VmHWM, proc_pid_status(5))."""
    return 1024 * int(status(pid)["VmHWM"].split()[0])


def status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":", 1) for line in lines)


@ON_OLD
def test_filters_leave_out_what_they_say(shop: Shop) -> None:
    types = "sensor.filters.workloadTypes={deployment,cronjob}"
    with shop.site.installed(types) as receiver:
        settle(receiver, shop.only(lambda place: place.kind in {"Deployment", "CronJob"}))
        label = "sensor.filters.podLabels.app=store"
        shop.site.upgrade(label, f"sensor.filters.namespaces={{{shop.namespace},other}}")
        settle(receiver, shop.only(lambda place: place.workload == "store"))


@ON_OLD
def test_a_deployment_tells_what_is_deployed_and_nothing_of_processes(shop: Shop) -> None:
    with shop.site.installed("workloadType=deployment") as receiver:
        truth = shop.everything("Deployment")
        nothing: frozenset[tuple[str, str, str]] = frozenset()
        settle(receiver, {place: part._replace(loaded=nothing) for place, part in truth.items()})


@ON_OLD
@pytest.mark.parametrize(
    "value", ["securityContext.privileged=true", "securityContext.capabilities={SYS_ADMIN}"]
)
def test_with_more_rights_the_truth_is_the_same(shop: Shop, value: str) -> None:
    with shop.site.installed(value) as receiver:
        settle(receiver, shop.everything("DaemonSet"))
        for pid in shop.site.pids():
            has = int(status(pid)["CapEff"], 16)
            assert has & SYS_ADMIN
            assert has & NEEDED == NEEDED
