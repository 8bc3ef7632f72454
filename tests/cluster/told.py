"""What the receiver of a test knows, in the form in which the shop tells the truth."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from packageurl import PackageURL

from sensor.receiver import questions, tables
from tests.cluster.truth import Names, Part, packages
from tests.cluster.workloads import Place

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

# What no current report tells any more is left out.
DEPLOYED = """
SELECT namespace, kind, workload, container, type, pods FROM containers
JOIN agents ON agents.id = containers.agent WHERE deployed >= agents.report AND agents.report > 0
"""


class Receiver:
    """Reads the database of a receiver that runs."""

    def __init__(self, db: Path) -> None:
        """`db` is there once the receiver listens."""
        self._db = db

    def now(self) -> dict[Place, Part]:
        """What is deployed and loaded, by the last whole report of each agent."""
        with closing(tables.open_to_read(self._db)) as connection:
            connection.execute("BEGIN")  # one state for all questions
            rows = connection.execute(DEPLOYED).fetchall()
            places = {Place(*row[:4]): row for row in rows}
            assert len(places) == len(rows), "a container is told of twice"
            return {
                place: Part(row["type"], row["pods"], _current(connection, place))
                for place, row in places.items()
            }

    def ever(self, place: Place) -> Names:
        """What was loaded in a container at any time; it may be no more."""
        with closing(tables.open_to_read(self._db)) as connection:
            return frozenset(name for one in _told(connection, place) for name in names(one))


def _current(connection: sqlite3.Connection, place: Place) -> Names:
    found = (one for one in _told(connection, place) if one["current"])
    return frozenset(name for one in found for name in names(one))


def _told(connection: sqlite3.Connection, place: Place) -> list[dict[str, Any]]:
    """The packages of a container as `receive show` answers."""
    asked = f"{place.namespace}/{place.kind}/{place.workload}"
    containers = questions.show(connection, asked)["containers"]
    mine = (one for one in containers if one["container"] == place.container)
    return [package for one in mine for package in one["packages"]]


def names(package: dict[str, Any]) -> Names:
    """Kind, name and version of a package of the wire; of Debian's own that are of PyPI, both.

    Another name of the same kind is no other package.
    """
    purl, *aliases = map(PackageURL.from_string, (package["purl"], *package.get("aliases", ())))
    told = [purl, *(one for one in aliases if one.type != purl.type)]
    return frozenset(name for one in told for name in packages(_plain(one)))


def _plain(purl: PackageURL) -> dict[str, dict[str, str]]:
    """As a container of the shop says it; the namespace of deb is the vendor."""
    parts = [purl.name] if purl.type == "deb" else filter(None, (purl.namespace, purl.name))
    return {purl.type: {"/".join(parts): purl.version or ""}}
