"""sensor.kube against real API servers: what runs, as part of what, in which container."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from sensor.containers import of_pid
from sensor.kube.deployed import deployed, workloads
from sensor.kube.filters import Filters
from sensor.kube.node import node_uid
from sensor.kube.rbac import RULES
from sensor.model.workload import ContainerRole
from tests.cluster.each import of_each
from tests.cluster.images import SHELL_IMAGE
from tests.cluster.manifests import container, controller, cron_job, job, pod, pod_spec
from tests.cluster.settings import NODE
from tests.cluster.watcher import account, asked, watcher

if TYPE_CHECKING:
    from sensor.kube.pods import Pods
    from sensor.model.workload import Pod
    from tests.cluster.lab import Cluster
    from tests.cluster.manifests import Object

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.root,
    pytest.mark.container,
    # The first test of a cluster starts it.
    pytest.mark.timeout(600),
]

CONTROLLERS = ("Deployment", "DaemonSet", "StatefulSet", "ReplicaSet")
# batch/v1 has CronJobs since 1.21.
CRON_JOB_V1 = 21
# A CronJob of each minute that is told that it ran so long ago has missed a run: it is due now.
# After more than 100 missed runs the controller of 1.20 begins none.
LONG_AGO = timedelta(minutes=3)


def of(pods: Pods, namespace: str) -> list[Pod]:
    return [one for one in pods.all() if one.namespace == namespace]


def living(pods: Pods, namespace: str) -> list[str]:
    return [one.name for one in of(pods, namespace) if not one.finished]


def kinds(pods: Pods, namespace: str) -> set[tuple[str, str]]:
    return {(one.workload.kind, one.workload.name) for one in of(pods, namespace)}


def ids(pods: Pods, namespace: str) -> dict[str, tuple[str, str]]:
    """Return each container id with the names of its pod and its container."""
    return {
        part.id: (one.name, part.name)
        for one in of(pods, namespace)
        for part in one.containers
        if part.id
    }


def truth(cluster: Cluster, namespace: str) -> dict[str, tuple[str, str]]:
    """Return what kubectl knows of running containers, in the form of `ids`."""
    found = {}
    for one in cluster.client.get("pods", f"--namespace={namespace}")["items"]:
        kinds = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
        for status in [each for kind in kinds for each in one["status"].get(kind, ())]:
            if "running" in status["state"]:
                name = status["containerID"].removeprefix("containerd://")
                found[name] = (one["metadata"]["name"], status["name"])
    return found


def due_cron_job(cluster: Cluster, namespace: str) -> Object:
    version = "batch/v1" if cluster.recipe.minor >= CRON_JOB_V1 else "batch/v1beta1"
    return cron_job("nightly", namespace, pod_spec(), version)


def make_due(cluster: Cluster, namespace: str) -> None:
    """Have the controller think that a run was missed: it begins one without waiting a minute."""
    before = (datetime.now(UTC) - LONG_AGO).strftime("%Y-%m-%dT%H:%M:%SZ")
    patch = f'{{"status": {{"lastScheduleTime": "{before}"}}}}'
    words = ("patch", "cronjob", "nightly", f"--namespace={namespace}", "--subresource=status")
    cluster.client.kubectl(*words, "--type=merge", f"--patch={patch}")


@of_each
def test_each_pod_is_told_as_part_of_its_top_controller(cluster: Cluster, namespace: str) -> None:
    wanted = {(kind, kind.lower()) for kind in CONTROLLERS}
    wanted |= {("Job", "once"), ("CronJob", "nightly"), ("Pod", "bare")}
    cluster.client.apply(
        *(controller(kind, kind.lower(), namespace) for kind in CONTROLLERS),
        job("once", namespace, pod_spec()),
        pod("bare", namespace),
        due_cron_job(cluster, namespace),
    )
    make_due(cluster, namespace)
    endpoint = account(cluster, namespace)
    with watcher(cluster, endpoint, NODE) as seen:
        seen.wait(lambda: kinds(seen.feed.pods, namespace) == wanted)
        seen.wait(lambda: len(ids(seen.feed.pods, namespace)) == len(wanted))
        assert len(node_uid(seen.api, NODE)) == len("00000000-0000-0000-0000-000000000000")
        assert ids(seen.feed.pods, namespace) == truth(cluster, namespace)
        assert seen.feed.gaps() == ()
    requests = asked(cluster, namespace)
    granted = {(rule.group, rule.resource, verb) for rule in RULES for verb in rule.verbs}
    assert {code for *_, code in requests if code in {401, 403}} == set()
    # A current server lists by watch; then nothing is listed.
    granted -= set() if cluster.recipe.minor == 20 else {("", "pods", "list")}
    assert {(group, resource, verb) for group, resource, verb, _ in requests} == granted


@of_each
def test_every_process_of_a_pod_is_attributed_to_its_container(
    cluster: Cluster, namespace: str
) -> None:
    first = container("first", "echo done")
    parts = (container("one"), container("two"))
    cluster.client.apply(pod("several", namespace, pod_spec(*parts, initContainers=[first])))
    with watcher(cluster, account(cluster, namespace), NODE) as seen:
        seen.wait(lambda: len(ids(seen.feed.pods, namespace)) == 3)
        known = ids(seen.feed.pods, namespace)
        found = {}
        for identity in truth(cluster, namespace):
            for pid in cluster.pids_of(identity):
                place = seen.feed.pods.place(of_pid(pid))
                assert place.pod is not None
                assert place.container is not None
                found[identity] = (place.pod.name, place.container.name)
        assert set(found.values()) == {("several", "one"), ("several", "two")}
        assert found.items() <= known.items()
        (told,) = of(seen.feed.pods, namespace)
        roles = {part.name: part.role for part in told.containers}
        assert roles["first"] is ContainerRole.INIT
        assert roles["one"] is ContainerRole.MAIN
        assert {part.image.spec for part in told.containers} == {SHELL_IMAGE}


@of_each
def test_an_image_is_known_by_the_digest_that_containerd_gave_it(
    cluster: Cluster, namespace: str
) -> None:
    cluster.client.apply(pod("one", namespace))
    with watcher(cluster, account(cluster, namespace), NODE) as seen:
        seen.wait(lambda: ids(seen.feed.pods, namespace))
        (told,) = of(seen.feed.pods, namespace)
        image = told.containers[0].image
        rows = cluster.client.ctr("images", "list", f"name=={SHELL_IMAGE}").splitlines()
        stored = rows[1].split()[2]
        assert image.spec == SHELL_IMAGE
        assert image.tag == "1"
        # A status names the configuration of an image that was imported, for it has no registry.
        digests = {image.digest, image.manifest_digest, image.index_digest, image.config_digest}
        assert digests - {""}, image
        assert stored.startswith("sha256:")


@of_each
def test_scaled_to_zero_and_finished_is_not_deployed(cluster: Cluster, namespace: str) -> None:
    empty = controller("Deployment", "empty", namespace)
    empty["spec"]["replicas"] = 0
    ended = job("ended", namespace, pod_spec(container("main", "true")))
    cluster.client.apply(empty, ended, pod("stays", namespace))
    with watcher(cluster, account(cluster, namespace), NODE) as seen:

        def is_over() -> bool:
            return {one.name for one in of(seen.feed.pods, namespace) if one.finished} != set()

        seen.wait(is_over)
        seen.wait(lambda: len(ids(seen.feed.pods, namespace)) >= 1)
        admitted = deployed(seen.feed.pods, Filters(namespaces=frozenset({namespace})))
        assert {one.name for one in workloads(admitted)} == {"stays"}


@of_each
def test_a_deleted_pod_is_gone(cluster: Cluster, namespace: str) -> None:
    cluster.client.apply(pod("one", namespace), pod("two", namespace))
    with watcher(cluster, account(cluster, namespace), None) as seen:
        seen.wait(lambda: len(ids(seen.feed.pods, namespace)) == 2)
        words = ("delete", "pod", "one", f"--namespace={namespace}")
        cluster.client.kubectl(*words, "--wait=false")
        seen.wait(lambda: living(seen.feed.pods, namespace) == ["two"])
        # The kubelet of 1.20 lets go of an ended pod up to a minute later.
        cluster.client.kubectl(*words, "--grace-period=0", "--force", "--ignore-not-found")
        seen.wait(lambda: [one.name for one in of(seen.feed.pods, namespace)] == ["two"])


def test_native_sidecars_and_ephemeral_containers_have_their_role(current: Cluster) -> None:
    client = current.client
    with current.namespace() as namespace:
        sidecar = container("beside", restartPolicy="Always")
        client.apply(pod("one", namespace, pod_spec(initContainers=[sidecar])))
        with watcher(current, account(current, namespace), NODE) as seen:
            seen.wait(lambda: len(ids(seen.feed.pods, namespace)) == 2)
            words = ("debug", "one", f"--namespace={namespace}", f"--image={SHELL_IMAGE}")
            client.kubectl(*words, "--container=looker", "--profile=general", "--attach=false")
            seen.wait(lambda: len(ids(seen.feed.pods, namespace)) == 3)
            (told,) = of(seen.feed.pods, namespace)
            assert {part.name: part.role for part in told.containers} == {
                "main": ContainerRole.MAIN,
                "beside": ContainerRole.SIDECAR,
                "looker": ContainerRole.EPHEMERAL,
            }
            assert ids(seen.feed.pods, namespace) == truth(current, namespace)
