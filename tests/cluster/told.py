"""What the receiver of a test knows, in the form in which the shop tells the truth."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from sensor.receiver import questions, tables
from tests.cluster.workloads import Part, Place, packages

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

    def ever(self, place: Place) -> frozenset[tuple[str, str, str]]:
        """What was loaded in a container at any time; it may be no more."""
        with closing(tables.open_to_read(self._db)) as connection:
            return frozenset(name for one in _told(connection, place) for name in names(one))


def _current(connection: sqlite3.Connection, place: Place) -> frozenset[tuple[str, str, str]]:
    found = (one for one in _told(connection, place) if one["current"])
    return frozenset(name for one in found for name in names(one))


def _told(connection: sqlite3.Connection, place: Place) -> list[dict[str, Any]]:
    """The packages of a container as `receive show` answers."""
    asked = f"{place.namespace}/{place.kind}/{place.workload}"
    containers = questions.show(connection, asked)["containers"]
    mine = (one for one in containers if one["container"] == place.container)
    return [package for one in mine for package in one["packages"]]


def names(package: dict[str, Any]) -> frozenset[tuple[str, str, str]]:
    """Type, name and version of a package of the wire: those of PyPI where it has such a name."""
    purls = [package["purl"], *package.get("aliases", ())]
    found = next((one for one in purls if one.startswith("pkg:pypi/")), package["purl"])
    kind, _, rest = found.removeprefix("pkg:").partition("/")
    path, _, version = rest.partition("?")[0].partition("@")
    return packages({kind: {path: version}})
