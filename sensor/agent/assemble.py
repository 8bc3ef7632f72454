"""Makes the agent out of its settings: which probe, which cluster, which scope. No loop here."""

from __future__ import annotations

import os
import random
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol

from sensor.agent.command import Command
from sensor.agent.looks import Looks
from sensor.agent.loop import NOTHING, Loop, Parts
from sensor.agent.noticing import FAMILY, MACHINE, Noticing
from sensor.agent.reporter import Reporter
from sensor.agent.scope import Everything, Family
from sensor.agent.sinks import sink_of
from sensor.agent.timing import DISTANCE_SECONDS, Timing
from sensor.agent.wake import Wake
from sensor.config import ConfigError
from sensor.errors import ProcessGone
from sensor.inventory import Inventory
from sensor.report.health import Health
from sensor.schedule import CLOSE, Pace, Schedule
from sensor.workerlink import WorkerLink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.agent.cluster import Cluster
    from sensor.agent.scope import Scope
    from sensor.config import Config
    from sensor.kube.endpoint import Endpoint
    from sensor.kube.http import Api
    from sensor.report.healthserver import HealthServer
    from sensor.report.sink import Sink

    class MakeSink(Protocol):
        """As `sinks.sink_of`."""

        def __call__(self, config: Config, api: Api | None, *, node: str | None) -> Sink:
            """Make it."""


# Sinks that are told the whole state now and then, also when nothing is new.
HEARTBEATS: Final = frozenset({"snyk"})
# Between two reports to a sink of this machine, which nobody else uses.
NEAR_SECONDS: Final = 1.0


class Watching:
    """Everything for one run. Made at once; `loop` starts nothing either."""

    def __init__(
        self, config: Config, words: Sequence[str] = (), make_sink: MakeSink = sink_of
    ) -> None:
        """`words` are a command to start and watch, if any. Raises SensorError."""
        self._config = config
        self._words = words
        self._family = Family(config.pids) if config.pids or words else None
        self._wake = Wake()
        api = None if self._family else _api(config)
        node = None if self._only_deployed() else config.node_name
        self._cluster = self._cluster_of(api, node) if api else None
        self._sink = make_sink(config, api, node=node)

    def loop(self) -> Loop:
        """The loop. Raises SensorError when the address for health cannot be listened at."""
        config, family = self._config, self._family
        chance = random.Random()  # noqa: S311 - spreads the load, nothing else
        schedule = Schedule(chance, CLOSE if family else Pace(), share=config.cpu_share)
        link, inventory = WorkerLink(), Inventory()
        scope = self._scope()
        health = Health(self._health_parts())
        parts = Parts(
            wake=self._wake,
            scope=scope,
            looks=Looks(schedule, link, inventory, scope),
            schedule=schedule,
            link=link,
            inventory=inventory,
            reporter=Reporter(self._sink, self._wake.wake),
            timing=self._timing(),
            health=health,
            server=_server(config, health),
            noticing=self._noticing(),
            cluster=self._cluster,
            start=self._start if self._words else None,
        )
        return Loop(parts)

    def _noticing(self) -> Noticing | None:
        periods = FAMILY if self._family else MACHINE
        return None if self._only_deployed() else Noticing(self._config.probes, periods)

    def _health_parts(self) -> tuple[str, ...]:
        kube = ("kube",) if self._cluster else ()
        return ("sink", *kube) if self._only_deployed() else ("sink", *kube, "probes")

    def _scope(self) -> Scope:
        if self._family:
            return self._family
        if self._cluster:
            return Everything(host=self._config.host, wanted=self._cluster.admits)
        return Everything(host=self._config.host)

    def _only_deployed(self) -> bool:
        """Deployment mode: the processes of this machine are none of ours."""
        mode = self._config.mode
        return mode == "deployment" or (mode == "auto" and self._config.kubeconfig is not None)

    def _timing(self) -> Timing:
        interval = self._config.interval
        if self._sink.name in HEARTBEATS:
            return Timing(interval, min(DISTANCE_SECONDS, interval), NOTHING)
        return Timing(None, min(NEAR_SECONDS, interval), NOTHING)

    def _cluster_of(self, api: Api, node: str | None) -> Cluster:
        from sensor.agent.cluster import Cluster  # noqa: PLC0415 - 10 MiB that a laptop saves
        from sensor.kube.feed import PodFeed  # noqa: PLC0415
        from sensor.kube.filters import filters  # noqa: PLC0415

        config, wake = self._config, self._wake.wake
        chosen = filters(config.workload_types, config.namespaces, dict(config.pod_labels))
        if node == "":
            raise ConfigError(
                "the environment variable NODE_NAME is empty: in a DaemonSet it is spec.nodeName"
            )
        return Cluster(lambda changed: PodFeed(api, node, chosen.label_keys, changed), chosen, wake)

    def _start(self) -> Command:
        command = Command(self._words)
        if self._family:
            with suppress(ProcessGone):  # it was very short: there is nothing to look at
                self._family.add(command.pid)
        return command


def _server(config: Config, health: Health) -> HealthServer | None:
    if config.health is None:
        return None
    from sensor.report.healthserver import HealthServer  # noqa: PLC0415 - 3 MiB, seldom needed

    return HealthServer(config.health, health)


def _api(config: Config) -> Api | None:
    """The API server, if there is one; None: we watch a machine without a cluster."""
    if config.kubeconfig is None and not os.environ.get("KUBERNETES_SERVICE_HOST"):
        return None
    from sensor.kube.http import Api  # noqa: PLC0415 - 10 MiB that a laptop saves

    endpoint = _endpoint(config)
    return Api(endpoint) if endpoint else None


def _endpoint(config: Config) -> Endpoint | None:
    if config.kubeconfig is not None:
        from sensor.kube.kubeconfig import endpoint_of  # noqa: PLC0415 - imports `kubernetes`

        return endpoint_of(config.kubeconfig)
    from sensor.kube.endpoint import in_cluster  # noqa: PLC0415 - as in `_api`

    return in_cluster()
