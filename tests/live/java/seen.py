"""One process as the sensor and as the JVM itself tell it, in words that can be compared."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look_until_done
from sensor.model.finding import State
from sensor.resolvers.java import JAVA
from sensor.resolvers.java.reasons import Reason
from tests.live.java import oracle
from tests.live.java.shelf import Artifact

if TYPE_CHECKING:
    from sensor.host.seam import Cache
    from sensor.model.finding import Finding, Package
    from tests.live.java.oracle import Row
    from tests.live.java.shelf import Shelf

MAX_LOOKS = 20


class Named(NamedTuple):
    """An artifact without its group: the group may be inferred, these may not."""

    name: str
    version: str | None


def look(pid: int, cache: Cache | None = None) -> Finding:
    """What the resolver says of a process, after as many slices as it wants.

    A server that has said it is ready may have a thread that loads its first classes just then:
    "classes are changing" is no answer this time, and the agent would come again. So do we.
    """
    opener = LocalOpener()
    for _ in range(MAX_LOOKS):
        looked = look_until_done(opener, opener.key(pid), (JAVA,), cache or FileCache())
        assert not looked.gone
        found = looked.findings["java"]
        if Reason.CHANGING not in {gap.reason for gap in found.gaps}:
            break
    return found


class Seen:
    """What both said."""

    def __init__(
        self, finding: Finding, rows: list[Row], log: dict[str, set[str]], shelf: Shelf
    ) -> None:
        """Hold the sensor's finding, the JVM's rows and what it logged while it ran."""
        self.finding = finding
        self.rows = rows
        self.log = log
        self.shelf = shelf

    @cached_property
    def truth(self) -> dict[Artifact, str]:
        """Each artifact with a class that is loaded, and how deep, as the JVM says."""
        return oracle.artifacts(self.rows, self.shelf)

    @cached_property
    def packages(self) -> dict[Artifact, Package]:
        """Each Maven package that the sensor says is loaded, but for what others contain."""
        loaded = [p for p in self.finding.packages if p.state is State.LOADED]
        maven = [p for p in loaded if p.purl.startswith("pkg:maven/") and p.inside is None]
        found = {parse(package.purl): package for package in maven}
        assert len(found) == len(maven), "one package, two facts"
        return found


def parse(purl: str) -> Artifact:
    """Group, artifact and version of a purl of type maven (purl-spec); no version is empty."""
    name, _, version = purl.removeprefix("pkg:maven/").partition("?")[0].partition("@")
    group, _, artifact = unquote(name).rpartition("/")
    return Artifact(group, artifact, unquote(version))
