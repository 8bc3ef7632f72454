"""What a person asks: where is this package loaded, and what is in this workload. Plain answers.

A package that no row names is only *not reported*: the answer tells of how many containers the
coverage is complete. Agents of several nodes that say the same become one row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from sensor.model.purl import normalized
from sensor.receiver.store import purls_of
from sensor.report.match import Wanted

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

Row = dict[str, Any]
# More than anybody reads; the answer says that it was cut.
MAX_ROWS: Final = 10_000

WHERE_IT_IS: Final = """
SELECT agents.cluster, agents.agent, agents.reported_at, agents.report AS current,
       containers.namespace, containers.kind, containers.workload, containers.container,
       containers.type AS container_type, containers.image_id, containers.image_name,
       packages.line, packages.report, packages.first_seen, packages.last_seen
FROM names JOIN packages ON packages.id = names.package
JOIN containers ON containers.id = packages.container JOIN agents ON agents.id = containers.agent
WHERE {} GROUP BY packages.id
ORDER BY cluster, namespace, kind, workload, containers.container, image_id, purl, inside,
         agents.agent
LIMIT :most
"""
BY_PURL: Final = "names.type = :type AND names.name = :name"
# The name itself, its last part, or the spelling of PEP 503.
BY_NAME: Final = """(names.name = :name OR names.name = :normal OR names.name = :lower
 OR names.name LIKE :last ESCAPE '!' OR lower(packages.name) = :lower)"""
HOW_SURE: Final = """
SELECT count(*) AS containers, coalesce(sum(CASE WHEN NOT EXISTS (
    SELECT 1 FROM coverage WHERE coverage.container = containers.id
) OR EXISTS (
    SELECT 1 FROM coverage WHERE coverage.container = containers.id AND NOT complete
) THEN 1 ELSE 0 END), 0) AS incomplete
FROM containers JOIN agents ON agents.id = containers.agent
WHERE containers.deployed >= agents.report AND agents.report > 0
"""
CONTAINERS: Final = """
SELECT containers.*, containers.type AS container_type, agents.cluster,
       agents.agent AS agent_id, agents.reported_at, agents.report AS current
FROM containers JOIN agents ON agents.id = containers.agent
WHERE lower(containers.workload) = :name AND (:namespace IS NULL OR namespace = :namespace)
AND (:kind IS NULL OR lower(kind) = :kind)
ORDER BY cluster, namespace, kind, workload, container, image_id, agent_id LIMIT :most
"""


def find(connection: sqlite3.Connection, text: str) -> Row:
    """Where a package is loaded, by its purl (with a version or without) or its name.

    Raises UsageError when what begins as a purl is none.
    """
    rows = _by_purl(connection, text) if text.startswith("pkg:") else _by_name(connection, text)
    merged: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        package = orjson.loads(row["line"])
        place = {key: row[key] for key in PLACE}
        key = (*place.values(), package["purl"], package.get("inside"))
        _merge(merged, key, {**place, **package}, row)
    sure = connection.execute(HOW_SURE).fetchone()
    return {
        "asked": text,
        "found": list(merged.values()),
        "cut": len(rows) >= MAX_ROWS,
        "containers": sure["containers"],
        "containers_without_complete_coverage": sure["incomplete"],
    }


PLACE: Final = (
    *("cluster", "namespace", "kind", "workload", "container", "container_type"),
    *("image_id", "image_name"),
)


def _by_purl(connection: sqlite3.Connection, text: str) -> list[sqlite3.Row]:
    wanted = Wanted.parse(text)
    values = {"type": wanted.type, "name": wanted.name, "most": MAX_ROWS}
    rows = connection.execute(WHERE_IT_IS.format(BY_PURL), values).fetchall()
    return [row for row in rows if _fits(wanted, orjson.loads(row["line"]))]


def _fits(wanted: Wanted, package: Row) -> bool:
    whole = wanted.subpath is None or wanted.subpath in package.get("subpaths", ())
    return whole and any(map(wanted.fits_purl, purls_of(package)))


def _by_name(connection: sqlite3.Connection, text: str) -> list[sqlite3.Row]:
    plain = text.lower()
    escaped = plain.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    values = {"name": text, "normal": normalized(text), "lower": plain, "last": f"%/{escaped}"}
    return connection.execute(WHERE_IT_IS.format(BY_NAME), {**values, "most": MAX_ROWS}).fetchall()


def _merge(
    merged: dict[tuple[Any, ...], Row], key: tuple[Any, ...], new: Row, row: sqlite3.Row
) -> None:
    """Put what one agent says to what others have said of the same thing."""
    old = merged.setdefault(
        key,
        {
            **new,
            "current": False,
            "agents": [],
            "reported_at": 0.0,
            "firstSeen": row["first_seen"],
            "lastSeen": row["last_seen"],
        },
    )
    old["current"] |= row["report"] >= row["current"]
    old["agents"].append(row["agent"])
    old["reported_at"] = max(old["reported_at"], row["reported_at"] or 0.0)
    old["firstSeen"] = min(old["firstSeen"], row["first_seen"])
    old["lastSeen"] = max(old["lastSeen"], row["last_seen"])


def show(connection: sqlite3.Connection, text: str) -> Row:
    """What is known of a workload: NAME, NAMESPACE/NAME or NAMESPACE/KIND/NAME."""
    values = {**_workload(text), "most": MAX_ROWS}
    rows = connection.execute(CONTAINERS, values).fetchall()
    return {
        "asked": text,
        "containers": [_container(connection, row) for row in rows],
        "cut": len(rows) >= MAX_ROWS,
    }


def _workload(text: str) -> Row:
    *before, name = text.split("/")
    namespace = before[0] if before else None
    kind = before[1].lower() if len(before) > 1 else None
    return {"name": name.lower(), "namespace": namespace, "kind": kind}


def _container(connection: sqlite3.Connection, row: sqlite3.Row) -> Row:
    of = {"id": row["id"], "current": row["current"]}
    packages = connection.execute(
        "SELECT line, report, first_seen, last_seen FROM packages WHERE container = :id"
        " ORDER BY purl, inside",
        of,
    )
    return {
        **{key: row[key] for key in PLACE},
        "agent": row["agent_id"],
        "reported_at": row["reported_at"],
        "deployed": bool(row["deployed"] and row["deployed"] >= row["current"] > 0),
        "pods": row["pods"],
        "image": orjson.loads(row["image"]) if row["image"] else {},
        "packages": [
            {
                **orjson.loads(one["line"]),
                "firstSeen": one["first_seen"],
                "lastSeen": one["last_seen"],
                "current": one["report"] >= row["current"],
            }
            for one in packages
        ],
        "coverage": _plain(
            connection.execute(
                "SELECT runtime, complete, how, since FROM coverage WHERE container = :id"
                " AND report >= :current ORDER BY runtime, how",
                of,
            )
        ),
        "gaps": _plain(
            connection.execute(
                "SELECT runtime, reason, count FROM gaps WHERE container = :id"
                " AND report >= :current ORDER BY runtime, reason",
                of,
            )
        ),
    }


def _plain(rows: Iterable[sqlite3.Row]) -> list[Row]:
    return [
        {key: bool(one[key]) if key == "complete" else one[key] for key in one.keys()}  # noqa: SIM118
        for one in rows
    ]
