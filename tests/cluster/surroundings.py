"""What a user has beside the cluster: a Helm repository, a namespace with a secret, a receiver.

The repository is on the loopback; the receiver is `runtime-sensor receive` on the node, with TLS
and a token.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import trustme

from tests.cluster.space import NODE_ADDRESS
from tests.cluster.told import Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster.lab import Cluster

CHART = Path(__file__).parents[2] / "chart"
# As the documentation has them.
NAMESPACE = "snyk-runtime-sensor"
REPOSITORY = "runtime-sensor"
SECRET = "my-secret"  # noqa: S105 - the name of the object
TOKEN = "0f1e2d3c-token-of-the-test"  # noqa: S105 - the one of the tests
AUTHORITY = "authority"
PORT = 8443
PLACE = f"--namespace={NAMESPACE}"


class Surroundings:
    """All of it, in an `open` block."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        """`folder` is empty."""
        self.cluster = cluster
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

    def _serve(self, undo: ExitStack) -> None:
        folder = self._folder / "repository"
        folder.mkdir()
        self.cluster.client.helm("package", str(CHART), "--destination", str(folder))
        handler = partial(_Silent, directory=str(folder))
        with self.cluster.network():
            server = undo.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), handler))
        thread = Thread(target=server.serve_forever)
        thread.start()
        undo.callback(thread.join)
        undo.callback(server.shutdown)
        url = f"http://127.0.0.1:{server.server_port}"
        self.cluster.client.helm("repo", "index", str(folder), "--url", url)
        self.cluster.client.helm("repo", "add", REPOSITORY, url, "--force-update")

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


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """A repository says nothing."""
