"""Real Java programs of every shape, late start, against what their JVMs say of themselves."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from sensor.model.finding import State
from tests.live.java import oracle
from tests.live.java.apps import PROGRAMS, SERVERS
from tests.live.java.seen import Named, parse
from tests.live.java.shelf import sha1

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.live.java.seen import Seen
    from tests.live.java.shelf import Artifact, Shelf

    See = Callable[[str], Seen]

pytestmark = pytest.mark.runtimes
# Spark takes half a minute, WildFly a third of that.
HEAVY = {"spark", *SERVERS}
NAMES = (*PROGRAMS, *SERVERS)
EVERY = [pytest.param(n, marks=pytest.mark.heavy) if n in HEAVY else n for n in NAMES]
# What the log says of a class out of an archive of classes (CDS, AppCDS).
ARCHIVED = "shared objects file"
NO_VERSION, SEVERAL = "version not known", "class in several archives"
# What cannot be told, which is a gap.
UNTOLD = {"tomcat, two": {Named("commons-lang3", "3.14.0"), Named("commons-lang3", "3.17.0")}}


def named(artifacts: Iterable[Artifact]) -> set[Named]:
    return {Named(artifact.name, artifact.version) for artifact in artifacts}


@pytest.mark.parametrize("name", EVERY)
def test_both_oracles_agree(seen: See, name: str) -> None:
    """What the class says of itself late is what the JVM logged when it loaded it."""
    one = seen(name)
    for row, _ in oracle.proofs(one.rows):
        source = row.source if row.loader else f"/{row.source.partition('!')[0].partition('/')[2]}"
        sources = one.log[row.name]
        assert source in sources or any(text.startswith(ARCHIVED) for text in sources)


@pytest.mark.parametrize("name", EVERY)
def test_every_artifact_that_is_loaded_and_no_other(seen: See, name: str) -> None:
    one = seen(name)
    assert len(one.truth) > 1 or name == "shade"
    assert named(one.packages) == named(one.truth) - UNTOLD.get(name, set())


@pytest.mark.parametrize("name", EVERY)
def test_a_group_is_right_or_carries_the_mark(seen: See, name: str) -> None:
    one = seen(name)
    groups = {Named(*artifact[1:]): artifact.group for artifact in one.truth}
    with_metadata = named(described(one.shelf))
    for artifact, package in one.packages.items():
        key = Named(*artifact[1:])
        if key in with_metadata:
            assert package.inferred == ()
            assert package.identity == "pom.properties"
        if "namespace" not in package.inferred:
            assert artifact.group == groups[key]


def described(shelf: Shelf) -> Iterable[Artifact]:
    """Artifacts whose JARs have Maven's own file of exactly this artifact."""
    for jar in shelf.jars():
        artifact = shelf.truth[sha1(jar)]
        with zipfile.ZipFile(jar) as archive:
            file = f"META-INF/maven/{artifact.group}/{artifact.name}/pom.properties"
            if file in archive.namelist():
                yield artifact


@pytest.mark.parametrize("name", EVERY)
def test_initialized_is_what_the_jvm_has_initialised(seen: See, name: str) -> None:
    one = seen(name)
    depths = {Named(*artifact[1:]): depth for artifact, depth in one.truth.items()}
    depths = {key: depth for key, depth in depths.items() if key not in UNTOLD.get(name, set())}
    said = {Named(*artifact[1:]): package.depth for artifact, package in one.packages.items()}
    assert {key: depth and depth.value for key, depth in said.items()} == depths


@pytest.mark.parametrize("name", EVERY)
def test_the_digest_is_that_of_the_jar(seen: See, name: str) -> None:
    one = seen(name)
    for artifact, package in one.packages.items():
        assert package.sha1 is not None
        assert named([one.shelf.truth[package.sha1]]) == named([artifact])


@pytest.mark.parametrize("name", EVERY)
def test_the_look_is_complete_but_for_what_cannot_be_told(seen: See, name: str) -> None:
    finding = seen(name).finding
    # Tomcat's own bootstrap.jar.
    expected = {NO_VERSION} if name.startswith("tomcat") else set()
    expected |= {SEVERAL} if name in UNTOLD else set()
    assert {gap.reason for gap in finding.gaps} == expected
    assert finding.coverage is not None
    assert finding.coverage.complete is (name not in UNTOLD)


def test_shaded_parts_are_contained_and_loaded_only_by_proof(seen: See) -> None:
    """Only org.yaml.snakeyaml is a package that a group and an artifact alone can have."""
    finding = seen("shade").finding
    parts = {parse(p.purl): p for p in finding.packages if p.inside is not None}
    loaded = {artifact.name for artifact, p in parts.items() if p.state is State.LOADED}
    assert loaded == {"snakeyaml"}
    contained = {artifact.name for artifact, p in parts.items() if p.reason == "contained"}
    assert {"commons-lang3", "commons-codec", "guava", "slf4j-api"} <= contained
    assert len(contained) + len(loaded) == len(parts)
    assert {parse(str(part.inside)).name for part in parts.values()} == {"shade"}


def test_what_two_applications_have_in_two_versions_is_a_gap(seen: See) -> None:
    """Which of their loaders is whose cannot be told: neither version is claimed."""
    one = seen("tomcat, two")
    assert "commons-lang3" not in {artifact.name for artifact in one.packages}
    assert "commons/lang3/" in one.finding.gaps[0].detail
