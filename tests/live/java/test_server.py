"""A real application server with a real EAR, late start: which copy of a library is in use.

That all that is loaded is told, and nothing else, is compared in `test_apps`, as of all programs;
here is what only a server with modules and applications of its own can get wrong.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.live.java import oracle

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.live.java.seen import Seen

    See = Callable[[str], Seen]

pytestmark = [pytest.mark.runtimes, pytest.mark.heavy]


@pytest.fixture
def server(seen: See) -> Seen:
    return seen("wildfly")


def versions(server: Seen, name: str) -> set[str]:
    """What is said of an artifact, whatever its group."""
    return {artifact.version for artifact in server.packages if artifact.name == name}


def test_the_oracle_knows_every_part_of_the_application(server: Seen) -> None:
    """And of the server, of which few programs have as many parts."""
    sources = {row.source for row, _ in oracle.proofs(server.rows)}
    told = {source.partition(".ear/")[2] for source in sources if source.startswith("vfs:")}
    assert told == {
        "example.test-beans-1.2.3.jar",
        "example.test-first-1.2.3.war/WEB-INF/classes",
        "example.test-first-1.2.3.war/WEB-INF/lib/commons-lang3-3.17.0.jar",
        "example.test-first-1.2.3.war/WEB-INF/lib/guava-33.4.8-jre.jar",
        "example.test-second-1.2.3.war/WEB-INF/classes",
        "example.test-second-1.2.3.war/WEB-INF/lib/commons-lang3-3.14.0.jar",
        "example.test-third-1.2.3.war/WEB-INF/classes",
        "lib/example.test-common-1.2.3.jar",
        "lib/org.apache.commons-commons-collections4-4.4.jar",
        "lib/org.apache.kafka-kafka-clients-3.9.1.jar",
    }
    assert len(server.truth) > 200


def test_each_application_has_its_own_version_of_a_library(server: Seen) -> None:
    assert versions(server, "commons-lang3") == {"3.14.0", "3.17.0"}


def test_what_the_server_has_is_not_what_the_application_has(server: Seen) -> None:
    """WildFly has modules of Kafka and SLF4J; of the second the EAR has another copy, unused."""
    modules = (server.shelf.folder / "opt").rglob("kafka-clients-3.9.0.jar")
    assert len(list(modules)) == 1
    assert versions(server, "kafka-clients") == {"3.9.1"}
    assert versions(server, "slf4j-api") == {"2.0.16"}


@pytest.mark.parametrize("name", ["commons-codec", "zstd-jni", "snappy-java", "lz4-java"])
def test_a_library_that_nobody_asked_is_not_told(server: Seen, name: str) -> None:
    """Its JAR is open all the while."""
    assert versions(server, name) == set()


def test_what_the_management_was_given_is_read_where_it_is_kept(seen: See) -> None:
    """A JAR alone, without a name; and a WAR of which the server keeps a copy, and a folder."""
    packages = {artifact.name: one for artifact, one in seen("wildfly, alone").packages.items()}
    assert re.search(r"/data/content/../.{38}/content\Z", packages["beans"].evidence[0].path)
    assert packages["commons-lang3"].version == "3.14.0"
    assert packages.keys().isdisjoint({"guava", "failureaccess"})
