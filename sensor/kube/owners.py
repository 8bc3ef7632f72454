"""From a pod's controller up to the one that a person deployed, with few questions.

Only two kinds are made by others as a rule, so only these are asked for: a ReplicaSet (of a
Deployment, or of something custom such as a Rollout) and a Job (of a CronJob). A Deployment,
StatefulSet, DaemonSet or CronJob is a top by itself, also when an operator made it: it is what the
filters and every tool call the workload. A custom owner is known by its kind and name; it is never
asked for, since no ClusterRole of ours could name its resource.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensor.kube.errors import Closed, Forbidden, KubeError, NotFound
from sensor.kube.objects import controller_of
from sensor.log import fields, logger
from sensor.model.finding import Gap

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensor.kube.http import Api, Json
    from sensor.model.workload import Workload

log = logger(__name__)

# (API group, kind) to the resource that we may get; the version is served since 1.9 (apps) and 1.21
# (batch: Job since 1.2). "extensions" stands in references made before 1.16.
ASKED = {
    ("apps", "ReplicaSet"): ("apis/apps/v1", "replicasets"),
    ("extensions", "ReplicaSet"): ("apis/apps/v1", "replicasets"),
    ("batch", "Job"): ("apis/batch/v1", "jobs"),
}
# Only metadata is sent (meta.k8s.io/v1, since 1.15); a server that cannot sends the whole object.
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json"
# A node has some hundred, a large cluster some ten thousand; one takes about 500 bytes.
MOST_KEPT = 20_000
# A Job of a CronJob of … : two levels are real, the rest would be a circle.
MOST_LEVELS = 4
# After a failure nobody is asked for so long: a hundred pods would wait for each time-out in turn.
PAUSE_SECONDS = 15.0
FORBIDDEN_SECONDS = 600.0
# An owner reference's name is any text; what goes into a path is a name that an object can have.
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")

# Namespace, kind, name and uid: a uid alone can be written into a reference by anybody.
Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Top:
    """The top controller as far as it is known; `settled` is False when asking again may help."""

    workload: Workload
    settled: bool = True


class Owners:
    """Finds top controllers, and remembers."""

    def __init__(self, api: Api, clock: Callable[[], float] = time.monotonic) -> None:
        """Ask nothing yet."""
        self._api = api
        self._clock = clock
        self._above: OrderedDict[Key, Workload | None] = OrderedDict()
        self._asked_again: dict[str, float] = {}
        self._refused: dict[str, str] = {}

    def top_of(self, workload: Workload) -> Top:
        """The top controller of a pod's controller. Raises Closed."""
        for _ in range(MOST_LEVELS):
            resource = ASKED.get((workload.api_version.partition("/")[0], workload.kind))
            if resource is None or not _NAME.fullmatch(workload.name):
                break
            try:
                above = self._owner_of(workload, *resource)
            except Closed:
                raise
            except KubeError:  # noted by `_ask`; the nearest known is what we have
                return Top(workload, settled=False)
            if above is None:
                break
            workload = above
        return Top(workload)

    def gaps(self) -> tuple[Gap, ...]:
        """What of owners could not be learned."""
        reason = "owner not readable"
        return tuple(
            Gap("kubernetes", reason, f"{resource}: {why}")
            for resource, why in sorted(self._refused.items())
        )

    def _owner_of(self, workload: Workload, api: str, resource: str) -> Workload | None:
        key = (workload.namespace, workload.kind, workload.name, workload.uid)
        if key not in self._above:
            self._above[key] = self._ask(workload, api, resource)
            if len(self._above) > MOST_KEPT:
                self._above.popitem(last=False)
        self._above.move_to_end(key)
        return self._above[key]

    def _ask(self, workload: Workload, api: str, resource: str) -> Workload | None:
        if self._clock() < self._asked_again.get(resource, 0.0):
            raise KubeError(f"{resource} are not asked for now")
        path = f"/{api}/namespaces/{workload.namespace}/{resource}/{workload.name}"
        try:
            meta = self._api.get(path, accept=METADATA).get("metadata") or {}
        except NotFound:
            return None  # its child outlives it for a moment
        except Closed:
            raise
        except KubeError as error:
            self._note(resource, error)
            raise
        self._tell(resource, None)
        return _above(meta, workload)

    def _note(self, resource: str, error: KubeError) -> None:
        wait = FORBIDDEN_SECONDS if isinstance(error, Forbidden) else PAUSE_SECONDS
        self._asked_again[resource] = self._clock() + wait
        if self._refused.get(resource) != str(error):
            log.warning("owners of pods: %s", error, extra=fields(help=error.help))
        self._tell(resource, str(error))

    def _tell(self, resource: str, why: str | None) -> None:
        """Note what `gaps` says. The table is replaced, not changed: other threads read it."""
        others = {key: text for key, text in self._refused.items() if key != resource}
        self._refused = others if why is None else {**others, resource: why}


def _above(meta: Json, workload: Workload) -> Workload | None:
    """The controller of the object, if it is the one that was meant and not a namesake."""
    if meta.get("uid") != workload.uid:
        return None
    return controller_of({**meta, "namespace": workload.namespace})
