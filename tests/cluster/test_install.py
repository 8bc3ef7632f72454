"""`helm install` on a cluster where things run already: the receiver holds the truth, no more.

Helm 3.9 on Kubernetes 1.20, Helm 4.3 on a current one: each test is of both at once, since most
of the time is that of kubelets and of the sensor's own pace. The image is the one of this tree.
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from sensor.kube.rbac import RULES
from tests.cluster import archive, node, oldchart, remains, truth, workloads
from tests.cluster.at_once import at_once, for_each
from tests.cluster.leftovers import started
from tests.cluster.shop import Shop, holds, opened, settle
from tests.cluster.surroundings import NAMESPACE
from tests.cluster.truth import NOTHING, Part
from tests.fetch.chart import BASE_SUITE
from tests.image.buildah import built

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from tests.cluster.lab import Cluster
    from tests.cluster.remains import Remains
    from tests.harness.fixtures import Toolbox

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.root,
    pytest.mark.container,
    # The first test of a cluster starts it.
    pytest.mark.timeout(600),
]
ACCOUNT = f"system:serviceaccount:{NAMESPACE}:runtime-sensor"
# Bits of linux/capability.h.
SYS_ADMIN = 1 << 21
NEEDED = 1 << 39 | 1 << 38 | 1 << 19 | 1 << 12 | 1 << 2
MEGABYTE = 1_000_000
TICKS = os.sysconf("SC_CLK_TCK")
# The smallest share of a processor that is given to a sensor: its documented request.
SLOW = "sensor.resources.limits.cpu=100m"


class Images(NamedTuple):
    """Archives of the images of the shop and of the sensor, and the name of that one."""

    files: list[Path]
    sensor: str


def make_images(toolbox: Toolbox, folder: Path) -> Images:
    """Make them once for both clusters: they are 500 MB. The folder is empty."""
    made = (make(toolbox, folder) for make in workloads.IMAGES)
    files = [archive.write(made, folder / "shop.tar"), folder / "sensor.tar"]
    toolbox.path("buildah")
    buildah, name = built(toolbox.path("image-base"), BASE_SUITE)
    buildah.archive(name, files[-1])
    return Images(files, name)


@pytest.fixture(scope="session")
def making(toolbox: Toolbox, tmp_path_factory: pytest.TempPathFactory) -> Future[Images]:
    """Make the images while the clusters start, in a thread that ends with that."""
    pool = ThreadPoolExecutor()
    images = pool.submit(make_images, toolbox, tmp_path_factory.mktemp("images"))
    pool.shutdown(wait=False)
    return images


@pytest.fixture(scope="module")
def shops(
    making: Future[Images], clusters: dict[str, Cluster], left: list[Remains]
) -> Iterator[list[Shop]]:
    """A shop on each cluster."""
    images = making.result()
    blocks = [opened(cluster, images.files, images.sensor) for cluster in clusters.values()]
    with at_once(blocks) as begun:
        left += [added for _, added in begun]
        yield [shop for shop, _ in begun]


def test_the_receiver_holds_the_truth_and_after_it_nothing_is_left(
    shops: list[Shop], capsys: pytest.CaptureFixture[str]
) -> None:
    """What a kubelet keeps for a minute is looked for at the end of all tests: `left`."""

    def check(shop: Shop) -> str:
        first = len(shop.cluster.requests())
        before = set(remains.objects(shop.cluster))
        with shop.site.installed() as receiver:
            seconds = settle(receiver, shop.everything("DaemonSet"))
            late = shop.late()
            twin = shop.truth[workloads.twin(shop.namespace)]
            loaded = Part("main", 1, truth.late_truth(shop.cluster, shop.namespace, twin))
            holds(lambda: {late: Part("main", 1, receiver.ever(late))}, {late: loaded})
            used = node.usage(shop.site.container())
            resident = sum(map(most_resident, shop.site.pids()))
        shop.forget_late()
        remains.until_uninstalled(shop.cluster, before)
        assert_granted_is_used(shop.cluster.requests()[first:], shop.cluster.recipe.minor)
        return (
            f"the truth {seconds:.1f} s after Ready; at most {used.bytes / MEGABYTE:.0f} MB with"
            f" page cache, {resident / MEGABYTE:.0f} MB of all its processes' peaks,"
            f" {used.seconds:.1f} s of CPU"
        )

    tell(capsys, shops, for_each(shops, check))


def tell(capsys: pytest.CaptureFixture[str], shops: list[Shop], lines: list[str]) -> None:
    """Print what was measured with each shop."""
    with capsys.disabled():
        for shop, line in zip(shops, lines, strict=True):
            sys.stdout.write(f"\n{shop}: {line}\n")


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


def test_start_to_first_report_with_a_tenth_of_a_processor(
    shops: list[Shop], capsys: pytest.CaptureFixture[str]
) -> None:
    def check(shop: Shop) -> str:
        with shop.site.receiving() as receiver, shop.site.released():
            shop.site.begin(SLOW)
            shop.cluster.until(receiver.now, "a first report")
            now = time.clock_gettime(time.CLOCK_BOOTTIME)
            began = min(int(at) for at in map(started, shop.site.pids()) if at) / TICKS
        return f"first report {now - began:.1f} s after start at 100m"

    tell(capsys, shops, for_each(shops, check))


def test_filters_leave_out_what_they_say(shops: list[Shop]) -> None:
    def check(shop: Shop) -> None:
        types = "sensor.filters.workloadTypes={deployment,cronjob}"
        with shop.site.installed(types) as receiver:
            settle(receiver, shop.only(lambda place: place.kind in {"Deployment", "CronJob"}))
        label = "sensor.filters.podLabels.app=store"
        names = f"sensor.filters.namespaces={{{shop.namespace},other}}"
        with shop.site.installed(label, names) as receiver:
            settle(receiver, shop.only(lambda place: place.workload == "store"))

    for_each(shops, check)


def test_an_upgrade_from_the_chart_that_is_replaced(shops: list[Shop], tmp_path: Path) -> None:
    replaced = oldchart.write(tmp_path / "old")

    def check(shop: Shop) -> None:
        with shop.site.receiving() as receiver, shop.site.released():
            shop.site.install_chart(replaced)
            shop.site.upgrade()
            settle(receiver, shop.everything("DaemonSet"))

    for_each(shops, check)


def test_a_deployment_tells_what_is_deployed_and_nothing_of_processes(shops: list[Shop]) -> None:
    def check(shop: Shop) -> None:
        with shop.site.installed("workloadType=deployment") as receiver:
            parts = shop.everything("Deployment").items()
            settle(receiver, {place: part._replace(loaded=NOTHING) for place, part in parts})

    for_each(shops, check)


@pytest.mark.parametrize(
    "value", ["securityContext.privileged=true", "securityContext.capabilities={SYS_ADMIN}"]
)
def test_with_more_rights_the_truth_is_the_same(shops: list[Shop], value: str) -> None:
    def check(shop: Shop) -> None:
        with shop.site.installed(value) as receiver:
            settle(receiver, shop.everything("DaemonSet"))
            for pid in shop.site.pids():
                has = int(status(pid)["CapEff"], 16)
                assert has & SYS_ADMIN
                assert has & NEEDED == NEEDED

    for_each(shops, check)
