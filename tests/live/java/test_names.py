"""A thousand JARs that Maven has fetched or a server's makers list: what they are called, by us.

Each under its own name, and as Maven calls it in an EAR, after its group. Artifact and version are
right or the test fails; a group may be missing, and is wrong nowhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sensor.host.cache import FileCache
from sensor.model.budget import Meter
from sensor.model.file import FileId
from sensor.resolvers.java import index
from sensor.resolvers.java.identity import POM, identify
from tests.live.java.shelf import Artifact, Shelf
from tests.live.java.wildfly import ServerShelf
from tests.support.tree import TreeFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sensor.resolvers.java.identity import Identity
    from tests.harness.fixtures import Toolbox

pytestmark = pytest.mark.runtimes
# Nothing says where the group of these ends when it stands before the name.
WHERE_IT_ENDS = {"org.jetbrains-annotations-17.0.0.jar", "org.roaringbitmap-shims-0.9.45.jar"}


@pytest.mark.parametrize(
    ("component", "shelf", "least", "bare"),
    [
        ("java-apps", Shelf, 60, 10),
        ("java-spark", Shelf, 200, 40),
        ("java-server", ServerShelf, 700, 30),
    ],
)
def test_what_real_archives_are_called(
    toolbox: Toolbox, component: str, shelf: type[Shelf], least: int, bare: int
) -> None:
    named = list(known(shelf(toolbox.path(component))))
    assert len(named) >= least
    assert sum(own.by != POM for _, own, _ in named) >= bare
    for artifact, own, in_ear in named:
        assert Artifact(own.group or artifact.group, own.artifact, own.version or "") == artifact
        assert in_ear == own._replace(group=in_ear.group, inferred=in_ear.inferred)
        assert in_ear.group in {None, artifact.group}
        for one in (own, in_ear):
            assert one.inferred == (one.by != POM and one.group is not None)


def known(shelf: Shelf) -> Iterator[tuple[Artifact, Identity, Identity]]:
    """Each fetched JAR by Maven's word, by its own name, and by that which it has in an EAR."""
    for jar in shelf.jars():
        artifact = shelf.fetched(jar)
        in_ear = f"{artifact.group}-{jar.name}"
        entry = read(jar)
        own = identify(jar.name, entry)
        assert own is not None
        cut = identify(jar.name if in_ear in WHERE_IT_ENDS else in_ear, entry)
        assert cut is not None
        yield artifact, own, cut


def read(jar: Path) -> index.Entry:
    """What is kept of an archive."""
    data, cache = jar.read_bytes(), FileCache()
    file = TreeFile(str(jar), FileId(1, len(data), 1, 1, 1), data, Meter())
    assert index.read(file, cache, lambda: False)
    held = index.held(cache, file.id)
    assert held
    return held[0].entry
