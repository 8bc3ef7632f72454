"""An open shop to install the sensor beside, and the wait for its truth."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.cluster import truth, workloads
from tests.cluster.release import Site
from tests.cluster.remains import Remains
from tests.cluster.surroundings import NAMESPACE
from tests.cluster.truth import NOTHING, Part
from tests.cluster.waiting import NeverHappenedError, until
from tests.cluster.workloads import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.cluster.lab import Cluster
    from tests.cluster.told import Receiver

# The promise: from the Ready of the pod to the whole truth.
PROMISED_SECONDS = 30

Truth = dict[Place, Part]


class Shop:
    """A cluster in which the shop is open, and all that is needed to install there."""

    def __init__(self, site: Site, namespace: str) -> None:
        self.site = site
        self.cluster = site.cluster
        self.namespace = namespace
        self.truth = self._spoken()
        # The pod that each cluster of the tests has.
        self.others = {Place("default", "Pod", "resident", "main"): Part("main", 1, NOTHING)}

    def __str__(self) -> str:
        """Where it is."""
        return self.cluster.recipe.version

    def everything(self, kind: str) -> Truth:
        """The whole cluster; the sensor, of this kind, does not look at itself."""
        own = Place(NAMESPACE, kind, "runtime-sensor", "runtime-sensor")
        return {**self.truth, **self.others, own: Part("main", 1, NOTHING)}

    def only(self, admits: Callable[[Place], bool]) -> Truth:
        """What of the shop is admitted."""
        return {place: part for place, part in self.truth.items() if admits(place)}

    def late(self) -> Place:
        """Have a Job of a second run to its end; where it was."""
        self.cluster.client.apply(workloads.late_job(self.namespace))
        words = ("wait", "--for=condition=complete", "job/late", "--timeout=100s")
        self.cluster.client.kubectl(*words, f"--namespace={self.namespace}")
        return Place(self.namespace, "Job", "late", "main")

    def forget_late(self) -> None:
        """Delete that Job."""
        self.cluster.client.kubectl("delete", "job", "late", f"--namespace={self.namespace}")

    def _spoken(self) -> Truth:
        """Wait until each container has said what it loaded."""
        found: Truth = {}
        wanted = workloads.deployed(self.namespace, self.cluster.recipe.minor).keys()

        def look() -> bool:
            found.update(truth.truth(self.cluster, self.namespace, found.keys()))
            return found.keys() == wanted

        self.cluster.until(look, "all have spoken")
        return found


@contextmanager
def opened(
    cluster: Cluster, archives: Sequence[Path], sensor: str
) -> Iterator[tuple[Shop, Remains]]:
    """Open the shop; `archives` have its images and the one named `sensor`.

    At the end what was added since then, and has not gone yet, is noted in the Remains.
    """
    for archive in archives:
        cluster.load_archive(archive)
    folder = cluster.folder / "site"
    folder.mkdir()
    site = Site(cluster, sensor, folder)
    with cluster.namespace() as namespace, site.open():
        workloads.start(cluster, namespace)
        shop, remains = Shop(site, namespace), Remains(cluster)
        yield shop, remains
        remains.note()


def settle(receiver: Receiver, wanted: Truth) -> float:
    """Wait for the truth as long as is promised; how long it took."""
    began = time.monotonic()
    holds(receiver.now, wanted)
    return time.monotonic() - began


def holds(look: Callable[[], Truth], wanted: Truth) -> None:
    """Wait until this is found; a failure shows what differs."""
    try:
        until(lambda: look() == wanted, "the truth", PROMISED_SECONDS)
    except NeverHappenedError as error:
        found, right = lines(look()), lines(wanted)
        raise NeverHappenedError(f"more: {found - right}, missing: {right - found}") from error


def lines(found: Truth) -> set[str]:
    """A line for each container and for each package in it."""
    return {
        " ".join(map(str, (*place, *one)))
        for place, part in found.items()
        for one in (part[:2], *part.loaded)
    }
