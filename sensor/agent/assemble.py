"""Makes the agent out of its settings: which probe, which cluster, which scope. No loop here."""

from __future__ import annotations

import os
import random
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from probes.choose import choose
from probes.ebpf import EbpfProbe
from probes.errors import ProbeError
from probes.scan import ScanProbe
from sensor import log
from sensor.agent.command import Command
from sensor.agent.looks import Looks
from sensor.agent.loop import Loop, Parts
from sensor.agent.reporter import Reporter
from sensor.agent.scope import Everything, Family
from sensor.agent.timing import DISTANCE_SECONDS, Timing
from sensor.agent.wake import Wake
from sensor.config import ConfigError
from sensor.errors import ProcessGone, SensorError
from sensor.inventory import Inventory
from sensor.schedule import CLOSE, Pace, Schedule
from sensor.workerlink import WorkerLink

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from probes.probe import Probe
    from sensor.agent.cluster import Cluster
    from sensor.agent.scope import Scope
    from sensor.config import Config
    from sensor.kube.endpoint import Endpoint
    from sensor.kube.http import Api
    from sensor.report.sink import Sink

# Alone, the scan is how new processes are noticed; 15 µs for each process of the machine. Beside
# eBPF it only finds forks that never exec, and heals. A family is watched by somebody just now.
SCAN_SECONDS: Final = 2.0
SWEEP_SECONDS: Final = 30.0
FAMILY_SCAN_SECONDS: Final = 0.5
FAMILY_SWEEP_SECONDS: Final = 1.0
PROBES: Final = {"auto": ("ebpf", "scan"), "ebpf": ("ebpf",), "scan": ("scan",)}
# Sinks that are told the whole state now and then, also when nothing is new.
HEARTBEATS: Final = frozenset({"snyk"})
# Between two reports to a sink of this machine, which nobody else uses.
NEAR_SECONDS: Final = 1.0
LOGGER: Final = log.logger(__name__)


class NoProbe(SensorError):
    """The probe that was asked for does not run here."""

    help = "Give what the line names, or allow another one: --probes auto."
    exit_code = 4


class Watching:
    """Everything for one run. Made at once; `loop` starts nothing either."""

    def __init__(
        self, config: Config, make_sink: Callable[[Config, Api | None], Sink], words: Sequence[str]
    ) -> None:
        """`words` are a command to start and watch, if any. Raises SensorError."""
        self._config = config
        self._words = words
        self._family = Family(config.pids) if config.pids or words else None
        self.wake = Wake()
        self.api = None if self._family else _api(config)
        self.cluster = self._cluster(self.api) if self.api else None
        self._sink = make_sink(config, self.api)

    def loop(self) -> Loop:
        """The loop, with probes that are started. Raises SensorError."""
        config, family = self._config, self._family
        chance = random.Random()  # noqa: S311 - spreads the load, nothing else
        schedule = Schedule(chance, CLOSE if family else Pace(), share=config.cpu_share)
        link, inventory = WorkerLink(), Inventory()
        scope = self._scope()
        probe, sweeper = (None, None) if self._only_deployed() else self._probes()
        parts = Parts(
            wake=self.wake,
            scope=scope,
            looks=Looks(schedule, link, inventory, scope),
            schedule=schedule,
            link=link,
            inventory=inventory,
            reporter=Reporter(self._sink, self.wake.wake),
            timing=self._timing(),
            probe=probe,
            sweeper=sweeper,
            cluster=self.cluster,
            start=self._start if self._words else None,
        )
        return Loop(parts)

    def _scope(self) -> Scope:
        if self._family:
            return self._family
        if self.cluster:
            return Everything(host=self._config.host, wanted=self.cluster.admits)
        return Everything(host=self._config.host)

    def _only_deployed(self) -> bool:
        """Deployment mode: the processes of this machine are none of ours."""
        mode = self._config.mode
        return mode == "deployment" or (mode == "auto" and self._config.kubeconfig is not None)

    def _probes(self) -> tuple[Probe, ScanProbe | None]:
        """The best probe, started; and beside one of the kernel a sweep, which finds what lives."""
        alone = FAMILY_SCAN_SECONDS if self._family else SCAN_SECONDS
        makers: dict[str, Callable[[], Probe]] = {
            "ebpf": EbpfProbe,
            "scan": lambda: ScanProbe(alone),
        }
        try:
            choice = choose(PROBES[self._config.probes], makers)
        except ProbeError as error:
            raise NoProbe(str(error)) from error
        for missing in choice.refused:
            LOGGER.info("not used: %s", missing.what, extra=log.fields(help=missing.fix))
        LOGGER.info("new processes are noticed", extra=log.fields(probe=choice.probe.name))
        if isinstance(choice.probe, ScanProbe):
            return choice.probe, None
        sweeper = ScanProbe(FAMILY_SWEEP_SECONDS if self._family else SWEEP_SECONDS)
        sweeper.start()
        return choice.probe, sweeper

    def _timing(self) -> Timing:
        interval = self._config.interval
        if self._sink.name in HEARTBEATS:
            return Timing(interval, min(DISTANCE_SECONDS, interval))
        return Timing(None, min(NEAR_SECONDS, interval))

    def _cluster(self, api: Api) -> Cluster:
        from sensor.agent.cluster import Cluster  # noqa: PLC0415 - 10 MiB that a laptop saves
        from sensor.kube.feed import PodFeed  # noqa: PLC0415
        from sensor.kube.filters import filters  # noqa: PLC0415

        config = self._config
        chosen = filters(config.workload_types, config.namespaces, dict(config.pod_labels))
        node = None if self._only_deployed() else config.node_name
        if node == "":
            raise ConfigError(
                "the environment variable NODE_NAME is empty: in a DaemonSet it is spec.nodeName"
            )
        return Cluster(
            lambda changed: PodFeed(api, node, chosen.label_keys, changed), chosen, self.wake.wake
        )

    def _start(self) -> Command:
        command = Command(self._words)
        if self._family:
            with suppress(ProcessGone):  # it was very short: there is nothing to look at
                self._family.add(command.pid)
        return command


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
