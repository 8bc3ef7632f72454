"""The chart on a cluster as its users install it, and the receiver that its reports go to.

A Helm repository on the loopback, a namespace and a secret made by kubectl, and then the documented
commands. The receiver is `runtime-sensor receive` on the node, with TLS and a token.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import trustme

from tests.cluster.client import FailedError
from tests.cluster.leftovers import started
from tests.cluster.space import NODE_ADDRESS
from tests.cluster.told import Receiver

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from tests.cluster.lab import Cluster

CHART = Path(__file__).parents[2] / "chart"
# As the documentation has them.
NAMESPACE = "snyk-runtime-sensor"
RELEASE = "my-runtime-sensor"
REPOSITORY = "runtime-sensor"
SECRET = "my-secret"  # noqa: S105 - the name of the object
GROUP = "11111111-2222-3333-4444-555555555555"
TOKEN = "0f1e2d3c-token-of-the-test"  # noqa: S105 - the one of the tests
AUTHORITY = "authority"
PORT = 8443
PLACE = f"--namespace={NAMESPACE}"


class Site:
    """What a user has beside the cluster: a Helm, a repository, a receiver."""

    def __init__(self, cluster: Cluster, helm: Path, image: str, folder: Path) -> None:
        """`image` is imported already; `folder` is empty."""
        self.cluster = cluster
        self._helm = helm
        self._image = image
        self._folder = folder
        self._receivers = 0

    @contextmanager
    def open(self) -> Iterator[None]:
        """Repository, namespace, secret, authority: all go at the end."""
        with ExitStack() as undo:
            self._serve(undo)
            self._prepare_namespace(undo)
            yield

    @contextmanager
    def installed(self, *values: str) -> Iterator[Receiver]:
        """`helm install` as documented, with these values too, until the end of the block.

        In it the sensor is Ready, and its reports go to a receiver that has none of before.
        """
        with self.receiving() as receiver, self.released():
            self.install(*values)
            yield receiver

    @contextmanager
    def released(self, *, forget: bool = True) -> Iterator[None]:
        """Uninstall at the end what is installed in the block; its log is one of the cluster's.

        The kubelet of 1.20 forgets an ended pod up to a minute later, when it collects its garbage;
        unless `forget` is false it is forgotten at once.
        """
        try:
            yield
        finally:
            self._keep_log()
            pods = {one["metadata"]["uid"] for one in self.pods()}
            self.uninstall()
            if forget:
                self._until_forgotten(pods)

    def helm(self, *words: str) -> str:
        """What helm prints. Raises FailedError."""
        return self.cluster.client.helm(self._helm, *words)

    def install(self, *values: str) -> None:
        """`helm install` as documented, until the sensor is Ready."""
        self.begin(*values)
        self.cluster.until(self._is_ready, "the sensor is Ready")

    def upgrade(self, *values: str) -> None:
        """`helm upgrade --install` as documented, until the sensor is Ready.

        There is no new pod before the old one is forgotten.
        """
        before = {one["metadata"]["uid"] for one in self.pods()}
        self._helm_release("upgrade", "--install", RELEASE, values=values)
        self._until_forgotten(before)
        self.cluster.until(lambda: self._is_ready(before), "the new sensor is Ready, alone")

    def begin(self, *values: str) -> None:
        """`helm install` as documented, and wait for nothing."""
        self._helm_release("install", RELEASE, values=("workloadType=daemonset", *values))

    def install_chart(self, chart: Path) -> None:
        """`helm install` of another chart under the name of ours, until its pod is Ready."""
        self.helm("install", RELEASE, str(chart), "-n", NAMESPACE)
        self.cluster.until(self._is_ready, "what was installed is Ready")

    def uninstall(self) -> None:
        """`helm uninstall`, until no process of the sensor is left."""
        pids = self.pids()
        self.helm("uninstall", RELEASE, "-n", NAMESPACE)
        self.cluster.until(lambda: not any(map(started, pids)), "the sensor's processes are gone")

    def pods(self) -> list[dict[str, Any]]:
        """The sensor's pods, but for those that are going."""
        found: list[dict[str, Any]] = self.cluster.client.get("pods", PLACE)["items"]
        return [one for one in found if "deletionTimestamp" not in one["metadata"]]

    def containers(self) -> list[str]:
        """The ids of the sensor's containers that were begun."""
        ids = (state.get("containerID", "") for one in self.pods() for state in _states(one))
        return [name.removeprefix("containerd://") for name in ids if name]

    def container(self) -> str:
        """The id of the sensor's one container."""
        (one,) = self.containers()
        return one

    def pids(self) -> set[int]:
        """The sensor's processes."""
        return {pid for one in self.containers() for pid in self.cluster.pids_of(one)}

    @contextmanager
    def receiving(self) -> Iterator[Receiver]:
        """A receiver with an empty database."""
        self._receivers += 1
        name = f"receiver-{self._receivers}"
        db = self._folder / f"{name}.db"
        command = [sys.executable, "-m", "sensor.cli", "receive", "--listen", f"0.0.0.0:{PORT}"]
        for word, file in (
            ("tls-cert", "node.crt"),
            ("tls-key", "node.key"),
            ("token-file", "token"),
        ):
            command += [f"--{word}", str(self._folder / file)]
        log = self.cluster.logs / f"{name}.log"
        with self.cluster.beside(name, [*command, "--db", str(db)]):
            self.cluster.until(lambda: "listening on " in log.read_text(), "the receiver listens")
            yield Receiver(db)

    def _until_forgotten(self, pods: set[str]) -> None:
        self.cluster.until(lambda: self._forget_ended(pods), "the old pods are gone")

    def _forget_ended(self, pods: set[str]) -> bool:
        """Delete those of the pods whose container has ended; whether none is left."""
        found = self.cluster.client.get("pods", PLACE)["items"]
        old = [one for one in found if one["metadata"]["uid"] in pods]
        for one in old:
            if all("terminated" in state["state"] for state in _states(one)):
                words = ("--grace-period=0", "--force", "--ignore-not-found", PLACE)
                self.cluster.client.kubectl("delete", "pod", one["metadata"]["name"], *words)
        return not old

    def _helm_release(self, *words: str, values: tuple[str, ...]) -> None:
        repository, _, tag = self._image.rpartition(":")
        given = (
            f"secretName={SECRET}",
            "clusterName=lab",
            f"snykGroupId={GROUP}",
            f"snykAPIBaseURL={NODE_ADDRESS}:{PORT}",
            f"sensor.image.repository={repository}",
            f"sensor.image.tag={tag}",
            f"sensor.extraCA.configMap={AUTHORITY}",
            *values,
        )
        sets = [word for value in given for word in ("--set", value)]
        self.helm(*words, *sets, "-n", NAMESPACE, f"{REPOSITORY}/runtime-sensor")

    def _is_ready(self, before: Container[str] = ()) -> bool:
        pods = self.pods()
        return len(pods) == 1 and pods[0]["metadata"]["uid"] not in before and _ready(pods[0])

    def _serve(self, undo: ExitStack) -> None:
        folder = self._folder / "repository"
        folder.mkdir()
        self.helm("package", str(CHART), "--destination", str(folder))
        handler = partial(_Silent, directory=str(folder))
        with self.cluster.network():
            server = undo.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), handler))
        thread = Thread(target=server.serve_forever)
        thread.start()
        undo.callback(thread.join)
        undo.callback(server.shutdown)
        url = f"http://127.0.0.1:{server.server_port}"
        self.helm("repo", "index", str(folder), "--url", url)
        self.helm("repo", "add", REPOSITORY, url, "--force-update")

    def _prepare_namespace(self, undo: ExitStack) -> None:
        kubectl = self.cluster.client.kubectl
        kubectl("create", "namespace", NAMESPACE)
        undo.callback(kubectl, "delete", "namespace", NAMESPACE, "--wait=false")
        secret = ("create", "secret", "generic", SECRET)
        kubectl(*secret, f"--from-literal=snykToken={TOKEN}", PLACE)
        self._make_authority()
        authority = f"--from-file={self._folder / 'ca.crt'}"
        kubectl("create", "configmap", AUTHORITY, authority, PLACE)

    def _make_authority(self) -> None:
        """Only the sensor is told of it; it signs for the node."""
        authority = trustme.CA()
        issued = authority.issue_cert(NODE_ADDRESS)
        for name, blob in (
            ("ca.crt", authority.cert_pem),
            ("node.crt", issued.cert_chain_pems[0]),
            ("node.key", issued.private_key_pem),
        ):
            blob.write_to_path(str(self._folder / name))
        (self._folder / "token").write_text(TOKEN)

    def _keep_log(self) -> None:
        """What the sensor logged, for whoever reads a failed test."""
        for one in self.pods():
            try:
                text = self.cluster.client.kubectl("logs", PLACE, one["metadata"]["name"])
            except FailedError as error:  # it never began
                text = f"{error}\n{one['status']}\n"
            with (self.cluster.logs / "sensor.log").open("a") as out:
                out.write(text)


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """A repository says nothing."""


def _states(one: dict[str, Any]) -> Sequence[dict[str, Any]]:
    found: Sequence[dict[str, Any]] = one["status"].get("containerStatuses", ())
    return found


def _ready(one: dict[str, Any]) -> bool:
    conditions = one["status"].get("conditions", ())
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
