"""A batch as requests of the Snyk wire. Pure: no network, no clock; docs/snyk.md explains the wire.

The shape is the one of a public client of the same company, kubernetes-monitor (commit 1203c27b,
src/transmitter/types.ts: IRuntimeImage, IRuntimeAppPackage, IRuntimeOSPackage): identity, target,
and facts told apart by `type`. Its `loadedPackages` is kept field by field; `deployedWorkloads` and
`report` are facts of our own. docs/snyk.schema.json describes all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import orjson

from sensor import __version__
from sensor.report import facts
from sensor.report.deployed import deployed
from sensor.report.snykloaded import loaded_images
from sensor.report.snykwords import image_id, image_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sensor.model.batch import Batch
    from sensor.report.deployed import Deployed
    from sensor.report.facts import Line

# Bytes of JSON in one request, before gzip: proxies refuse more than 1 MiB when nobody told them
# otherwise (nginx, client_max_body_size).
MAX_BODY: Final = 1_000_000
# Room for what surrounds the items: identity, target (three names), the report fact.
ENVELOPE: Final = 4096

DEPLOYED: Final = "deployedWorkloads"
LOADED: Final = "loadedPackages"
REPORT: Final = "report"


@dataclass(frozen=True, slots=True)
class Target:
    """Whose facts these are: the Snyk group, the cluster's name, and the id of this agent.

    The id is the UID of the node, or the stable one of a Deployment.
    """

    group_id: str
    cluster: str
    agent_id: str


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the `data` of a fact, as JSON."""

    fact: str
    json: bytes


def bodies(batch: Batch, target: Target, most: int = MAX_BODY) -> list[bytes]:
    """The requests of one report, in order; each has about `most` bytes of JSON at the most.

    What is deployed comes first, so that nothing is loaded that was not told to be deployed. There
    is always one: that nothing is deployed is news as well.
    """
    parts = list(_parts(_items(batch, most - ENVELOPE), most - ENVELOPE)) or [[]]
    return [
        _body(target, part, {"at": batch.at, "part": number, "parts": len(parts)})
        for number, part in enumerate(parts, 1)
    ]


def _items(batch: Batch, most: int) -> Iterator[Item]:
    for one in deployed(batch):
        yield Item(DEPLOYED, facts.dumps(_deployed(one)).rstrip())
    for image in loaded_images(batch):
        for piece in image.pieces(most):
            yield Item(LOADED, piece)


def _parts(items: Iterable[Item], most: int) -> Iterator[list[Item]]:
    """Fill one request after the other."""
    part: list[Item] = []
    size = 0
    for item in items:
        if part and size + len(item.json) > most:
            yield part
            part, size = [], 0
        part.append(item)
        size += len(item.json) + 1
    if part:
        yield part


def _body(target: Target, part: list[Item], report: Line) -> bytes:
    data = {
        kind: [orjson.Fragment(item.json) for item in part if item.fact == kind]
        for kind in (DEPLOYED, LOADED)
    }
    body = {
        "identity": {"type": "runtime-sensor", "version": __version__},
        "target": {
            "userLocator": target.group_id,
            "cluster": target.cluster,
            "agentId": target.agent_id,
        },
        "facts": [
            {"type": REPORT, "data": [report]},
            *({"type": kind, "data": items} for kind, items in data.items() if items),
        ],
    }
    return orjson.dumps(body)


def _deployed(one: Deployed) -> Line:
    return {
        "imageID": image_id(one.image),
        "imageName": one.image.spec,
        "namespace": one.workload.namespace,
        "workloadName": one.workload.name,
        "workloadKind": one.workload.kind,
        "workloadApiVersion": one.workload.api_version,
        "workloadUid": one.workload.uid,
        "container": one.container,
        "containerType": one.role,
        "image": image_names(one.image),
        "pods": one.pods,
    }
