"""`run` in a made-up cluster: what is deployed, what is loaded where, and what is not even read.

The node is a pid namespace with processes in cgroups of containers; the test plays the API server.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import uuid
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.harness.skips import need
from tests.live.agent.runs import running
from tests.live.kube.apiserver import Answer, ApiServer, Stream
from tests.support.cgroup import mount
from tests.unit.kube.made import bookmark, digits, event, owner, pod, status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sensor.kube.http import Json
    from tests.live.agent.runs import Run
    from tests.live.cli.world import World

pytestmark = pytest.mark.root

# Pid 1 of the namespace: starts one child for each line `CGROUP NAMES`, which goes into its cgroup
# and imports; then the agent, as a child as well, and passes SIGTERM on to it. It
# takes leave of those that end, as an init does.
INIT = """\
import os, signal, subprocess, sys
count = int(sys.argv[1])
CHILD = '''
import importlib, os, sys, time
site, folder, names = sys.argv[1:]
if folder != "-":
    open(folder + "/cgroup.procs", "w").write("0")
sys.path.insert(0, site)
for name in names.split(","):
    importlib.import_module(name)
os.write(1, b"up ")
time.sleep(600)
'''
site = sys.argv[2]
for number in range(count):
    words = sys.argv[3 + 2 * number : 5 + 2 * number]
    child = subprocess.Popen([sys.executable, "-S", "-c", CHILD, site, *words],
                             stdout=subprocess.PIPE)
    assert child.stdout.read(3) == b"up "
agent = subprocess.Popen(sys.argv[3 + 2 * count :])
signal.signal(signal.SIGTERM, lambda *_: agent.send_signal(signal.SIGTERM))
while True:
    pid, status = os.wait()
    if pid == agent.pid:
        sys.exit(os.waitstatus_to_exitcode(status))
"""
WEB, OTHER = digits(0xA1), digits(0xB2)
UIDS = {WEB: str(uuid.UUID(int=1)), OTHER: str(uuid.UUID(int=2))}


@contextmanager
def cgroups() -> Iterator[dict[str, Path]]:
    """A cgroup for each of the two containers, as kubelet and containerd name them."""
    with ExitStack() as undo:
        made = {}
        top = mount() / f"runtime-sensor-test-{os.getpid()}-cluster"
        for one, uid in UIDS.items():
            made[one] = top / f"pod{uid}" / f"cri-containerd-{one}.scope"
            for folder in (top, made[one].parent, made[one]):
                if not folder.exists():
                    folder.mkdir()
                    undo.callback(folder.rmdir)
        yield made


def web(version: str = "10") -> Json:
    """A pod of a DaemonSet, in the namespace shop."""
    told = {"containerStatuses": [status("app", 0xA1)]}
    owned = [owner("DaemonSet", "web")]
    return pod("web-1", uid=UIDS[WEB], owned=owned, told=told, version=version)


def other() -> Json:
    """A pod of another namespace."""
    told = {"containerStatuses": [status("app", 0xB2)]}
    owned = [owner("StatefulSet", "db")]
    return pod("db-0", namespace="data", uid=UIDS[OTHER], owned=owned, told=told)


@contextmanager
def agent(made: World, folder: Path, server: ApiServer, *words: str) -> Iterator[Run]:
    """The agent in its namespace, beside a process of the host and one in each container."""
    need(os.geteuid() == 0 and shutil.which("unshare"), "a pid namespace", "root and util-linux")
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server.url}}],
        "users": [{"name": "u", "user": {"token": "t0k3n"}}],
    }
    file = folder / "kubeconfig"
    file.write_text(json.dumps(config))  # JSON is YAML
    options = ["--kubeconfig", str(file), "--mode", "daemonset", "--node-name", "node-1"]
    with cgroups() as folders:
        children = [str(folders[WEB]), "toy", str(folders[OTHER]), "other", "-", "toy,other"]
        init = [sys.executable, "-c", INIT, "3", str(made.site), *children]
        prefix = ("unshare", "--fork", "--pid", "--mount-proc", "--kill-child", *init)
        with running(folder, *options, *words, prefix=prefix) as one:
            yield one


def workloads(one: Run) -> set[str]:
    return {line["workload"]["name"] for line in one.last() if line["type"] == "workload"}


@pytest.mark.parametrize("probe", ["scan", "ebpf"])
def test_each_container_has_its_facts_and_the_host_none(
    made: World, tmp_path: Path, probe: str
) -> None:
    with ApiServer() as server:
        listed = [event("ADDED", web()), event("ADDED", other()), bookmark("11", end_of_list=True)]
        server.watches.append(Stream(listed))
        with agent(made, tmp_path, server, "--probes", probe) as one:
            one.until(lambda: one.loaded(WEB) and one.loaded(OTHER), "both containers")
            assert one.loaded(WEB) == {"toy"}
            assert one.loaded(OTHER) == {"other"}
            assert one.loaded(None) == set()
            assert workloads(one) == {"web", "db"}
            (line,) = [each for each in one.last() if each.get("name") == "toy"]
            assert line["workload"]["kind"] == "DaemonSet"
            assert (line["namespace"], line["pod"], line["container"]) == ("shop", "web-1", "app")


def test_what_the_filters_leave_out_is_neither_read_nor_reported(
    made: World, tmp_path: Path
) -> None:
    with ApiServer() as server:
        listed = [event("ADDED", web()), event("ADDED", other()), bookmark("11", end_of_list=True)]
        server.watches.append(Stream(listed))
        words = ("--probes", "scan", "--namespaces", "data", "--workload-types", "statefulset")
        with agent(made, tmp_path, server, *words) as one:
            one.until(lambda: one.loaded(OTHER), "the container that is left")
            assert one.loaded(WEB) == set()
            assert workloads(one) == {"db"}
            assert {line["pid"] for line in one.says("look")} == {
                pid for line in one.last() if line["type"] == "coverage" for pid in line["pids"]
            }


def test_a_pod_that_is_known_late_is_read_then_and_gone_when_it_is_deleted(
    made: World, tmp_path: Path
) -> None:
    comes, goes = threading.Event(), threading.Event()
    with ApiServer() as server:
        parts: list[Json | threading.Event] = [
            event("ADDED", other()),
            bookmark("11", end_of_list=True),
            comes,
            event("ADDED", web(version="12")),
            goes,
            event("DELETED", web(version="13")),
        ]
        server.watches.append(Stream(parts))
        with agent(made, tmp_path, server, "--probes", "scan", "--interval", "1") as one:
            one.until(lambda: one.loaded(OTHER), "the first container")
            assert workloads(one) == {"db"}
            assert one.loaded(WEB) == set()
            comes.set()
            one.until(lambda: one.loaded(WEB) == {"toy"}, "the second container")
            assert workloads(one) == {"db", "web"}
            goes.set()
            one.until(lambda: workloads(one) == {"db"}, "the end of the pod")
            assert one.loaded(WEB) == set()
            assert one.loaded(OTHER) == {"other"}


def test_without_an_api_server_nothing_is_said_and_its_trouble_is_told(
    made: World, tmp_path: Path
) -> None:
    with ApiServer() as server:
        server.watches.extend([Answer(b"no", 500)] * 3)
        with agent(made, tmp_path, server, "--probes", "scan") as one:
            server.wait(lambda: len(server.asked) >= 2)
            assert one.last() == []
            assert any(line["level"] == "warning" and "help" in line for line in one.log())
