"""A whole Kubernetes on this machine, for tests: control plane, one node, real containers.

Two can run at once: each has a network, mounts and cgroups of its own (`space.py`). There is no
way out of it, no DNS and no kube-proxy; pods reach the API server at the address that Kubernetes
tells them.
"""

from __future__ import annotations

import json
import secrets
import shutil
import tempfile
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.cluster.client import Client
from tests.cluster.network import network_of
from tests.cluster.parts import RUNTIME_LOG, Parts
from tests.cluster.program import tail
from tests.cluster.space import Space

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from tests.cluster.archive import Image
    from tests.cluster.program import Program
    from tests.cluster.recipes import Recipe


class Cluster:
    """Use it in a `with`: inside it is Ready; at the end everything of it is gone but the logs."""

    def __init__(self, recipe: Recipe, logs: Path, images: Sequence[Image] = ()) -> None:
        """`logs` is an existing folder, kept; each image is there before the node is Ready.

        Without an image there is no node: what is created only is.
        """
        self.recipe = recipe
        self.logs = logs
        self._images = images
        self._undo = ExitStack()
        self.folder: Path
        self.space: Space
        self.client: Client
        self._parts: Parts

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            # Not below the logs: this folder takes 500 MB, and is never kept.
            self.folder = Path(tempfile.mkdtemp(prefix="runtime-sensor-cluster-"))
            undo.callback(shutil.rmtree, self.folder)
            space = Space(self.folder, self.folder.name, self.recipe.cgroup)
            self.space = undo.enter_context(space)
            self.client = Client(space, self.recipe, self.folder)
            self._parts = Parts(space, self.recipe, self.folder, self.logs, self.client)
            undo.callback(self._parts.stop)
            self._parts.start(self._images)
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._undo.close()

    def network(self) -> AbstractContextManager[None]:
        """Be in the cluster's network in a `with`: this thread, and threads started there."""
        return network_of(self.space.pid)

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for a condition. Raises an AssertionError also when a program of it ends."""
        self._parts.until(condition, what)

    @contextmanager
    def namespace(self) -> Iterator[str]:
        """Make a namespace that takes pods; at the end of the block all in it begins to go."""
        name = f"test-{secrets.token_hex(4)}"
        self.client.kubectl("create", "namespace", name)
        try:
            self.until(lambda: self.client.takes_pods(name), f"{name} takes pods")
            yield name
        finally:
            self.client.kubectl("delete", "namespace", name, "--wait=false")

    def load(self, image: Image) -> None:
        """Import an image."""
        self._parts.load(image)

    def load_archive(self, file: Path) -> None:
        """Import an image archive that another tool wrote (OCI or docker)."""
        self._parts.load_archive(file)

    def beside(self, name: str, command: Sequence[str]) -> AbstractContextManager[Program]:
        """Run a program of the test as if on the node, in a `with`; NAME.log is one of the logs."""
        return self._parts.beside(name, command)

    def pids(self) -> dict[str, int]:
        """Return the processes of its own programs, by name."""
        return self._parts.pids()

    def pids_of(self, container_id: str) -> set[int]:
        """Return the processes of a container, as the machine numbers them."""
        rows = self.client.ctr("tasks", "ps", container_id).splitlines()[1:]
        return {int(row.split()[0]) for row in rows}

    def restart_apiserver(self) -> None:
        """Kill it and start it on the same etcd: what watches knew is forgotten (410)."""
        self._parts.restart_apiserver()

    def requests(self) -> list[dict[str, Any]]:
        """Return what ServiceAccounts of pods have asked for, oldest first (audit.k8s.io/v1)."""
        text = (self.folder / "audit.log").read_text()
        return [json.loads(line) for line in text.splitlines()]

    def taken_out(self) -> list[str]:
        """Return what the runtime took out of containers' settings, one line each."""
        file = self.logs / RUNTIME_LOG
        return file.read_text().splitlines() if file.exists() else []

    def tails(self) -> Iterator[tuple[str, str]]:
        """Return name and end of each log."""
        return ((log.stem, tail(log)) for log in sorted(self.logs.glob("*.log")))
