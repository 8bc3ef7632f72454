"""Which sink the settings name; and who this agent is in reports that need to say so."""

from __future__ import annotations

import os
import socket
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sensor.errors import SensorError
from sensor.report.linesink import FileSink, StreamSink
from sensor.report.sink import Retry

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensor.config import Config
    from sensor.kube.http import Api
    from sensor.model.batch import Batch
    from sensor.report.sink import Sink

# A name-based id (RFC 9562, version 5) stays the same wherever the agent's pod is started.
NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "runtime-sensor")
# In a dry run nobody is asked for the uid of the node.
DRY: Final = "dry-run"


def sink_of(config: Config, api: Api | None, *, node: str | None) -> Sink:
    """The sink. `node` is the name of ours in the cluster, None when we are of no node.

    Raises SensorError when the settings cannot work.
    """
    if config.sink == "snyk":
        return _snyk(config, lambda: identity(config, api, node))
    if config.dry_run or config.sink == "stdout":
        return StreamSink(sys.stdout.buffer)
    return FileSink(Path(config.sink.removeprefix("file:")))


def identity(config: Config, api: Api | None, node: str | None) -> str:
    """The id of this agent. Raises KubeError when the cluster does not tell it now."""
    if config.agent_id:
        return config.agent_id
    if api is not None and node:
        from sensor.kube.node import node_uid  # noqa: PLC0415 - 10 MiB that a laptop saves

        return node_uid(api, node)
    return str(uuid.uuid5(NAMESPACE, config.cluster_name if api else socket.gethostname()))


def _snyk(config: Config, identify: Callable[[], str]) -> Sink:
    # 15 MiB of HTTP that the other sinks do not need.
    from sensor.report import address  # noqa: PLC0415
    from sensor.report.http import Client  # noqa: PLC0415
    from sensor.report.proxy import proxy_for  # noqa: PLC0415
    from sensor.report.snyk import Target, bodies  # noqa: PLC0415
    from sensor.report.snyksink import SnykSink  # noqa: PLC0415
    from sensor.report.token import Token  # noqa: PLC0415

    place = address.parse(
        config.api_base_url,
        config.api_path or address.PATH,
        config.api_version or address.VERSION,
    )
    token = Token(config.token.reveal(), config.token_file)

    def target(agent: str) -> Target:
        return Target(config.group_id, config.cluster_name, agent)

    def make(agent: str) -> Sink:
        client = Client(place, config.extra_ca, proxy_for(place, os.environ))
        return SnykSink(client, target(agent), token)

    make(DRY).close()  # what is wrong with the settings is told now, not at the first report
    if config.dry_run:
        return DrySink(lambda batch: bodies(batch, target(config.agent_id or DRY)))
    return LateSink("snyk", make, identify)


class LateSink:
    """A sink that is made at the first report: only then it is known who we are."""

    def __init__(self, name: str, make: Callable[[str], Sink], identify: Callable[[], str]) -> None:
        """`identify` may fail; it is asked again at the next report."""
        self.name = name
        self._make = make
        self._identify = identify
        self._sink: Sink | None = None

    def send(self, batch: Batch) -> None:
        """See `Sink.send`."""
        if self._sink is None:
            try:
                self._sink = self._make(self._identify())
            except SensorError as error:
                retry = Retry(f"this agent does not know its id: {error}")
                retry.help = error.help
                raise retry from error
        self._sink.send(batch)

    def close(self) -> None:
        """See `Sink.close`."""
        if self._sink is not None:
            self._sink.close()


class DrySink:
    """Prints the requests that would be sent, one a line."""

    name = "dry run"

    def __init__(self, bodies: Callable[[Batch], list[bytes]]) -> None:
        """`bodies` makes the requests of one report."""
        self._bodies = bodies

    def send(self, batch: Batch) -> None:
        """Print it."""
        for body in self._bodies(batch):
            sys.stdout.buffer.write(body + b"\n")
        sys.stdout.buffer.flush()

    def close(self) -> None:
        """Leave standard output open."""
