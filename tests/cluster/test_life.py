"""Each cluster is a real one and runs pods as asked. Its end is checked by the fixture `start`."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cluster import images, runtime
from tests.cluster.each import check_each, of_each
from tests.cluster.lab import Cluster
from tests.cluster.leftovers import Trace, started
from tests.cluster.manifests import container, controller, pod, pod_spec
from tests.cluster.program import EndedError
from tests.cluster.recipes import CURRENT, recipe
from tests.cluster.settings import NODE

if TYPE_CHECKING:
    from tests.harness.fixtures import Toolbox

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.root,
    pytest.mark.container,
    # The first test of a cluster starts it.
    pytest.mark.timeout(600),
]

# Asks the API server who it is, as every client in a pod finds it: address and port from its own
# variables, token and authority from the folder that the kubelet mounts.
ASK = """
import json, os, ssl, urllib.request
folder = "/var/run/secrets/kubernetes.io/serviceaccount/"
host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
token = {"Authorization": "Bearer " + open(folder + "token").read()}
request = urllib.request.Request(f"https://{host}:{port}/version", headers=token)
trust = ssl.create_default_context(cafile=folder + "ca.crt")
print(json.load(urllib.request.urlopen(request, context=trust))["gitVersion"], flush=True)
"""
# Bit 19 (linux/capability.h).
SYS_PTRACE = 1 << 19


def phase(cluster: Cluster, namespace: str, name: str) -> str:
    told: str = cluster.client.get("pod", name, f"--namespace={namespace}")["status"]["phase"]
    return told


def container_id(cluster: Cluster, namespace: str, name: str) -> str:
    status = cluster.client.get("pod", name, f"--namespace={namespace}")["status"]
    told: str = status["containerStatuses"][0]["containerID"]
    return told.removeprefix("containerd://")


def test_each_node_is_of_the_version_that_was_built(clusters: dict[str, Cluster]) -> None:
    for cluster in clusters.values():
        server = json.loads(cluster.client.kubectl("get", "--raw=/version"))
        (node,) = cluster.client.get("nodes")["items"]
        assert server["gitVersion"] == f"v{cluster.recipe.version}"
        assert node["status"]["nodeInfo"]["kubeletVersion"] == f"v{cluster.recipe.version}"
        assert node["metadata"]["name"] == NODE


@of_each
def test_a_pod_runs_speaks_and_ends(cluster: Cluster, namespace: str) -> None:
    client = cluster.client
    client.apply(pod("one", namespace))
    cluster.until(lambda: phase(cluster, namespace, "one") == "Running", "the pod runs")
    cluster.until(
        lambda: client.kubectl("logs", f"--namespace={namespace}", "one") == "here\n", "it speaks"
    )
    said = client.kubectl("exec", f"--namespace={namespace}", "one", "--", "/bin/echo", "inside")
    assert said == "inside\n"
    pids = cluster.pids_of(container_id(cluster, namespace, "one"))
    assert pids
    # Until the kubelet of 1.20 lets go of it, ten seconds more can pass.
    client.kubectl("delete", "pod", "one", f"--namespace={namespace}", "--wait=false")
    cluster.until(lambda: not any(map(started, pids)), "its processes have ended")


@of_each
def test_the_cgroup_of_a_pod_is_below_the_root_that_was_asked_for(
    cluster: Cluster, namespace: str
) -> None:
    cluster.client.apply(pod("one", namespace))
    cluster.until(lambda: phase(cluster, namespace, "one") == "Running", "the pod runs")
    found = cluster.client.get("pod", "one", f"--namespace={namespace}")
    identity = container_id(cluster, namespace, "one")
    root = cluster.recipe.cgroup.rstrip("/")
    below = f"{root}/kubepods/besteffort/pod{found['metadata']['uid']}/{identity}"
    for pid in cluster.pids_of(identity):
        lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
        assert f"0::{below}" in lines


@of_each
def test_controllers_make_their_pods(cluster: Cluster, namespace: str) -> None:
    kinds = ("Deployment", "DaemonSet", "StatefulSet", "ReplicaSet")
    cluster.client.apply(*(controller(kind, kind.lower(), namespace) for kind in kinds))

    def running() -> list[str]:
        pods = cluster.client.get("pods", f"--namespace={namespace}")["items"]
        return sorted(
            one["metadata"]["name"].split("-")[0]
            for one in pods
            if one["status"]["phase"] == "Running"
        )

    cluster.until(lambda: running() == sorted(kind.lower() for kind in kinds), "four pods run")


@of_each
def test_a_pod_that_asks_for_sys_resource_starts_and_what_was_taken_out_is_told(
    cluster: Cluster, namespace: str
) -> None:
    asked = {"add": ["SYS_PTRACE", "SYS_RESOURCE"]}
    show = "cat /proc/self/status; sleep 1000"
    one = container("main", show, securityContext={"capabilities": asked})
    cluster.client.apply(pod("asks", namespace, pod_spec(one)))
    cluster.until(lambda: phase(cluster, namespace, "asks") == "Running", "the pod runs")
    words = ("logs", f"--namespace={namespace}", "asks")
    cluster.until(lambda: "CapEff" in cluster.client.kubectl(*words), "it tells")
    lines = cluster.client.kubectl(*words).splitlines()
    (effective,) = (int(line.split()[1], 16) for line in lines if line.startswith("CapEff"))
    assert effective & SYS_PTRACE
    identity = container_id(cluster, namespace, "asks")
    told = [line for line in cluster.taken_out() if identity in line]
    if runtime.may_grant():
        assert effective & runtime.BIT
        assert told == []
    else:
        assert not effective & runtime.BIT
        assert told == [f"{runtime.CAPABILITY} was taken out of container {identity}"]


def test_a_pod_reaches_the_api_server_where_it_is_told_to_look(
    clusters: dict[str, Cluster], toolbox: Toolbox
) -> None:
    image = images.python(toolbox)

    def check(cluster: Cluster, namespace: str) -> None:
        cluster.load(image)
        asks = {
            "name": "main",
            "image": images.PYTHON_IMAGE,
            "command": ["/usr/bin/python3", "-c", ASK],
        }
        cluster.client.apply(pod("asks", namespace, pod_spec(asks, restartPolicy="Never")))
        cluster.until(
            lambda: phase(cluster, namespace, "asks") in {"Succeeded", "Failed"}, "it ends"
        )
        said = cluster.client.kubectl("logs", f"--namespace={namespace}", "asks")
        assert said == f"v{cluster.recipe.version}\n"

    check_each(clusters, check)


@of_each
def test_a_pod_with_host_pid_sees_the_processes_of_the_machine(
    cluster: Cluster, namespace: str
) -> None:
    own = os.getpid()
    one = container("main", f"cat /proc/{own}/status; sleep 1000")
    cluster.client.apply(pod("looks", namespace, pod_spec(one, hostPID=True)))
    cluster.until(lambda: phase(cluster, namespace, "looks") == "Running", "the pod runs")
    words = ("logs", f"--namespace={namespace}", "looks")
    cluster.until(lambda: cluster.client.kubectl(*words), "it tells")
    assert f"Pid:\t{own}\n" in cluster.client.kubectl(*words)


def test_both_run_at_once_and_apart(old: Cluster, current: Cluster) -> None:
    assert old.client.is_ready()
    assert current.client.is_ready()
    first, second = old.space.pids(), current.space.pids()
    assert first
    assert second
    assert not first & second


def test_a_cluster_that_cannot_start_says_why_and_leaves_nothing(
    toolbox: Toolbox, tmp_path: Path
) -> None:
    """Its API server writes one line and ends."""
    broken = tmp_path / "broken"
    broken.mkdir()
    server = broken / "kube-apiserver"
    server.write_text("#!/bin/sh\necho this one is broken\nexit 3\n")
    server.chmod(0o755)
    made = recipe(CURRENT, toolbox, f"/runtime-sensor-broken-{os.getpid()}")
    made = replace(made, packed=made.packed[1:], path=(broken, *made.path))
    logs = tmp_path / "logs"
    logs.mkdir()
    cluster, trace = Cluster(made, logs), Trace()
    with pytest.raises(EndedError, match="ended with 3:\nthis one is broken"), cluster:
        pass
    assert trace.left(cluster) == []
