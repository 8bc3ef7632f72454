"""The chart on a cluster as its users install it: the documented commands."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.cluster.client import FailedError
from tests.cluster.leftovers import started
from tests.cluster.space import NODE_ADDRESS
from tests.cluster.surroundings import (
    AUTHORITY,
    NAMESPACE,
    PLACE,
    PORT,
    REPOSITORY,
    SECRET,
    Surroundings,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.cluster.lab import Cluster
    from tests.cluster.told import Receiver

# As the documentation has it.
RELEASE = "my-runtime-sensor"
GROUP = "11111111-2222-3333-4444-555555555555"
# A sensor on a busy machine with a tenth of a processor.
READY_SECONDS = 120


class Site(Surroundings):
    """Installs, upgrades and uninstalls the sensor with the Helm of the cluster."""

    def __init__(self, cluster: Cluster, image: str, folder: Path) -> None:
        """`image` is imported already; `folder` is empty."""
        super().__init__(cluster, folder)
        self._image = image

    @contextmanager
    def installed(self, *values: str) -> Iterator[Receiver]:
        """`helm install` as documented, with these values too, until the end of the block.

        In it the sensor is Ready, and its reports go to a receiver that has none of before.
        """
        with self.receiving() as receiver, self.released():
            self.install(*values)
            yield receiver

    @contextmanager
    def released(self) -> Iterator[None]:
        """`helm uninstall` at the end what is installed in the block; its log is kept."""
        try:
            yield
        finally:
            self._keep_log()
            with self._leaving():
                self.cluster.client.helm("uninstall", RELEASE, "-n", NAMESPACE)

    def install(self, *values: str) -> None:
        """`helm install` as documented, until the sensor is Ready."""
        self.begin(*values)
        self._until_ready()

    def upgrade(self, *values: str) -> None:
        """`helm upgrade --install` as documented, until the sensor is Ready.

        There is no new pod before the old one is forgotten.
        """
        before = {one["metadata"]["uid"] for one in self.pods()}
        with self._leaving():
            self._helm_release("upgrade", "--install", RELEASE, values=values)
        self._forget()
        self._until_ready()
        assert not before & {one["metadata"]["uid"] for one in self.pods()}

    def begin(self, *values: str) -> None:
        """`helm install` as documented, and wait for nothing."""
        self._forget()
        self._helm_release("install", RELEASE, values=("workloadType=daemonset", *values))

    def install_chart(self, chart: Path) -> None:
        """`helm install` of another chart under the name of ours, until its pod is Ready."""
        self._forget()
        self.cluster.client.helm("install", RELEASE, str(chart), "-n", NAMESPACE)
        self._until_ready()

    def pods(self) -> list[dict[str, Any]]:
        """The sensor's pods, but for those that are going."""
        return [one for one in self._all_pods() if not is_going(one)]

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

    def _all_pods(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.cluster.client.get("pods", PLACE)["items"]
        return found

    @contextmanager
    def _leaving(self) -> Iterator[None]:
        """At the end of the block wait until the sensor that was there before has ended."""
        pids = self.pids()
        yield
        self.cluster.until(lambda: not any(map(started, pids)), "the sensor's processes are gone")

    def _forget(self) -> None:
        """Tell the API server to forget the pods that have ended.

        The kubelet of 1.20 lets go of them up to a minute later, when it collects its garbage.
        """
        going = [one["metadata"]["name"] for one in self._all_pods() if is_going(one)]
        if going:
            words = ("--grace-period=0", "--force", "--ignore-not-found", PLACE)
            self.cluster.client.kubectl("delete", "pod", *going, *words)

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
        self.cluster.client.helm(*words, *sets, "-n", NAMESPACE, f"{REPOSITORY}/runtime-sensor")

    def _until_ready(self) -> None:
        """Wait for the sensor's one pod."""
        kubectl = self.cluster.client.kubectl
        (name,) = kubectl("get", "daemonset,deployment", "--output=name", PLACE).split()
        kubectl("rollout", "status", name, f"--timeout={READY_SECONDS}s", PLACE)
        (one,) = self.pods()
        assert _ready(one)

    def _keep_log(self) -> None:
        """What the sensor logged, for whoever reads a failed test."""
        for one in self.pods():
            try:
                text = self.cluster.client.kubectl("logs", PLACE, one["metadata"]["name"])
            except FailedError as error:  # it never began
                text = f"{error}\n{one['status']}\n"
            with (self.cluster.logs / "sensor.log").open("a") as out:
                out.write(text)


def is_going(one: dict[str, Any]) -> bool:
    """Whether a pod is told to end."""
    return "deletionTimestamp" in one["metadata"]


def _states(one: dict[str, Any]) -> Sequence[dict[str, Any]]:
    found: Sequence[dict[str, Any]] = one["status"].get("containerStatuses", ())
    return found


def _ready(one: dict[str, Any]) -> bool:
    conditions = one["status"].get("conditions", ())
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
