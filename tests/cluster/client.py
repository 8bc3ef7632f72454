"""Commands that are run inside a cluster's space: kubectl, ctr, any other."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

from tests.cluster.settings import CONTAINERD_SOCKET

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.cluster.recipes import Recipe
    from tests.cluster.space import Space

# `helm install --wait` is the longest: until all pods are Ready.
COMMAND_SECONDS = 180


class FailedError(AssertionError):
    """A command ended with an error; with all that it said."""


class Client:
    """Asks and tells a cluster by its command line tools."""

    def __init__(self, space: Space, recipe: Recipe, folder: Path) -> None:
        """`folder` is the cluster's own, with `bin` and `keys/kubeconfig`."""
        self.kubeconfig = folder / "keys" / "kubeconfig"
        self._space = space
        self._kubectl = [str(recipe.kubectl), "--kubeconfig", str(self.kubeconfig)]
        # helm(1), "Environment variables"; by default they are below the home of a person.
        kinds = ("CACHE", "CONFIG", "DATA")
        folders = [f"HELM_{kind}_HOME={folder}/helm/{kind.lower()}" for kind in kinds]
        self._helm = ["env", f"KUBECONFIG={self.kubeconfig}", *folders, str(recipe.helm)]
        path = [str(folder / "bin"), *map(str, recipe.path), os.environ["PATH"], "/usr/sbin"]
        self.environment = {
            "PATH": ":".join([*path, "/sbin"]),
            "HOME": str(folder),
            # A kubelet of 1.20 begins with asking for the credentials of a cloud, for 6 seconds.
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def run(self, command: Sequence[str | Path], told: str | None = None) -> str:
        """Return what the command prints; `told` is its input. Raises FailedError."""
        done = subprocess.run(
            self._space.inside(command),
            input=told,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
            env=self.environment,
        )
        if done.returncode:
            raise FailedError(f"{command}: {done.stdout}{done.stderr}")
        return done.stdout

    def works(self, command: Sequence[str | Path]) -> bool:
        """Return whether the command ends well."""
        try:
            self.run(command)
        except FailedError:
            return False
        return True

    def kubectl(self, *words: str, told: str | None = None) -> str:
        """Return what kubectl prints; `told` is its input. Raises FailedError."""
        return self.run([*self._kubectl, *words], told)

    def get(self, *words: str) -> Any:  # noqa: ANN401 (whatever the API server says)
        """Return the object or the list that `kubectl get` is asked for."""
        return json.loads(self.kubectl("get", *words, "--output=json"))

    def apply(self, *objects: dict[str, Any]) -> None:
        """Create or change the objects."""
        listed = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self.kubectl("apply", "--filename=-", told=json.dumps(listed))

    def is_serving(self) -> bool:
        """Return whether the API server says that it is ready."""
        return self.works([*self._kubectl, "get", "--raw=/readyz"])

    def is_ready(self) -> bool:
        """Return whether the node is Ready and takes pods of the default namespace."""
        nodes = self.get("nodes")["items"]
        states = [state for node in nodes for state in node["status"]["conditions"]]
        ready = any(one["type"] == "Ready" and one["status"] == "True" for one in states)
        return ready and self.takes_pods("default")

    def takes_pods(self, namespace: str) -> bool:
        """Return whether the namespace has its account: it comes later, and pods need it."""
        accounts = self.get("serviceaccounts", f"--namespace={namespace}")["items"]
        return any(account["metadata"]["name"] == "default" for account in accounts)

    def ctr(self, *words: str) -> str:
        """Return what containerd's own client prints. Raises FailedError."""
        return self.run(self.ctr_command(*words))

    def ctr_command(self, *words: str) -> list[str]:
        """Return the command of containerd's own client, in the namespace of the kubelet."""
        return ["ctr", "--address", CONTAINERD_SOCKET, "--namespace", "k8s.io", *words]

    def helm(self, *words: str) -> str:
        """Return what Helm prints; what it keeps is in the cluster's folder. Raises FailedError."""
        return self.run([*self._helm, *words])
