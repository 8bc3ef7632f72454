"""The view that the sensor has of a real cluster: let in as the chart lets it in, no further."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sensor.kube.endpoint import Endpoint, TokenFile
from sensor.kube.feed import PodFeed
from sensor.kube.http import Api
from sensor.kube.rbac import RULES
from tests.cluster.settings import URL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sensor.kube.objects import Record
    from tests.cluster.lab import Cluster
    from tests.cluster.manifests import Object

PATIENCE_SECONDS = 60.0
RBAC = "rbac.authorization.k8s.io"


class Feed(PodFeed):
    """Counts how often the whole list came."""

    lists = 0

    def replace(self, items: list[Record]) -> None:
        self.lists += 1
        super().replace(items)


class Watcher:
    """A feed in a thread of its own, and what a test waits for."""

    def __init__(self, api: Api, node: str | None) -> None:
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self.api = api
        self.feed = Feed(api, node, changed=self._notify)
        # The thread is made in the cluster's network, and stays in it.
        self._thread = threading.Thread(target=self.feed.run, args=(self._stop,))
        self._thread.start()

    def wait(self, condition: Callable[[], object]) -> None:
        """Wait until it holds, looking again after each change."""
        with self._changed:
            met = self._changed.wait_for(condition, PATIENCE_SECONDS)
        assert met, (self.feed.state, self.feed.gaps(), self.feed.pods.all())

    def end(self) -> None:
        self._stop.set()
        self.feed.close()
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive()

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()


@contextmanager
def watcher(cluster: Cluster, endpoint: Endpoint, node: str | None) -> Iterator[Watcher]:
    """Follow the pods of a node, or of the cluster, until the end of the block."""
    with cluster.network():
        made = Watcher(Api(endpoint), node)
        try:
            yield made
        finally:
            made.end()


def account(cluster: Cluster, namespace: str) -> Endpoint:
    """Make a ServiceAccount that may do what sensor.kube.rbac lists; return how it is let in."""
    name = f"sensor-{namespace}"
    cluster.client.apply(*_objects(name, namespace))
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    told = cluster.client.kubectl(
        "create", f"--raw={path}", "--filename=-", told=json.dumps(request)
    )
    file = cluster.folder / "keys" / name
    file.write_text(json.loads(told)["status"]["token"])
    return Endpoint(URL, str(cluster.folder / "keys" / "authority.pem"), TokenFile(file))


def _objects(name: str, namespace: str) -> list[Object]:
    rules = [
        {"apiGroups": [rule.group], "resources": [rule.resource], "verbs": list(rule.verbs)}
        for rule in RULES
    ]
    meta = {"name": name}
    subject = {"kind": "ServiceAccount", "name": name, "namespace": namespace}
    role = {"apiVersion": f"{RBAC}/v1", "kind": "ClusterRole", "metadata": meta, "rules": rules}
    return [
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {**meta, "namespace": namespace},
        },
        role,
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": meta,
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": name},
            "subjects": [subject],
        },
    ]


def asked(cluster: Cluster, namespace: str) -> list[tuple[str, str, str, int]]:
    """Return group, resource, verb and answer of each request of `account`."""
    user = f"system:serviceaccount:{namespace}:sensor-{namespace}"
    return [
        (
            event["objectRef"].get("apiGroup", ""),
            event["objectRef"]["resource"],
            event["verb"],
            event["responseStatus"]["code"],
        )
        for event in cluster.requests()
        if event["user"]["username"] == user
    ]
