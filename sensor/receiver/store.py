"""Keeps the requests of the wire: what each agent said last, and what it said before.

A request is taken whole or not at all. What an agent's last whole report does not name is not
current any more; it is kept for a while, for a package that was loaded is a fact.
"""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING, Any, Final

import orjson

from sensor.errors import SensorError, UsageError
from sensor.receiver.tables import open_to_write
from sensor.report.match import Wanted

if TYPE_CHECKING:
    from pathlib import Path

Line = dict[str, Any]
# What is not current any more is kept for so many reports of its agent: a day of one a minute.
KEPT_REPORTS: Final = 1440
# Reports of one agent of which parts are missing. It sends one at a time: more are never ended.
MAX_PENDING: Final = 8

SAME_REPORT: Final = """
SELECT report FROM parts WHERE agent = :agent AND at = :at AND parts = :parts
ORDER BY report DESC LIMIT 1
"""
NEXT_REPORT: Final = """
SELECT 1 + max(report, coalesce((SELECT max(report) FROM parts WHERE agent = :agent), 0))
FROM agents WHERE id = :agent
"""
ADD_PART: Final = "INSERT OR IGNORE INTO parts VALUES (:agent, :report, :at, :parts, :part)"
COUNT_PARTS: Final = "SELECT count(*) FROM parts WHERE agent = :agent AND report = :report"
SET_CURRENT: Final = """
UPDATE agents SET report = :report, reported_at = :at WHERE id = :agent
"""
ADD_CONTAINER: Final = """
INSERT INTO containers (agent, namespace, kind, workload, container, image_id, image_name)
VALUES (:agent, :namespace, :workloadKind, :workloadName, :container, :imageID, :imageName)
ON CONFLICT DO UPDATE SET image_name = excluded.image_name RETURNING id
"""
SET_DEPLOYED: Final = """
UPDATE containers SET api_version = :workloadApiVersion, workload_uid = :workloadUid,
type = :containerType, image = :image, pods = :pods, deployed = :report WHERE id = :id
"""
IS_DEPLOYED: Final = """
SELECT 1 FROM containers WHERE agent = :agent AND namespace = :namespace AND kind = :workloadKind
AND workload = :workloadName AND deployed = :report
"""
ADD_PACKAGE: Final = """
INSERT INTO packages (container, purl, inside, name, version, depth, line, first_seen, last_seen,
report) VALUES (:id, :purl, :inside, :name, :version, :depth, :line, :firstSeen, :lastSeen, :report)
ON CONFLICT DO UPDATE SET depth = excluded.depth, line = excluded.line, report = excluded.report,
first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen)
RETURNING id
"""
ADD_COVERAGE: Final = """
INSERT OR REPLACE INTO coverage VALUES (:id, :runtime, :how, :complete, :since, :report)
"""
ADD_GAP: Final = "INSERT OR REPLACE INTO gaps VALUES (:id, :runtime, :reason, :count, :report)"
# What an agent has said is forgotten by the numbers of its reports. Only the packages of old ones
# are kept for a while: coverage and gaps of an old report say nothing of now.
FORGET: Final = (
    "DELETE FROM parts WHERE agent = :agent AND report < max(:current, :report - :pending)",
    """DELETE FROM coverage WHERE report < :current
    AND container IN (SELECT id FROM containers WHERE agent = :agent)""",
    """DELETE FROM gaps WHERE report < :current
    AND container IN (SELECT id FROM containers WHERE agent = :agent)""",
    """DELETE FROM packages WHERE report < :current - :kept
    AND container IN (SELECT id FROM containers WHERE agent = :agent)""",
    "DELETE FROM containers WHERE agent = :agent AND max(deployed, loaded) < :current - :kept",
)


class NotDeployed(SensorError):
    """A request that says something is loaded in a workload that it did not say to be deployed."""

    help = "A report names a workload under deployedWorkloads first, in this or an earlier part."


class StoreFull(SensorError):
    """The database has reached its bound, or the disk is full."""

    help = "Begin with another --db FILE, or make room on the disk."


class Store:
    """One database, for any thread."""

    def __init__(self, path: Path) -> None:
        """Open or make it. Raises BadDatabase."""
        self.connection = open_to_write(path)
        self.lock = threading.Lock()

    def close(self) -> None:
        """Close the database. Closing twice is fine."""
        with self.lock:
            self.connection.close()

    def add(self, request: Line) -> None:
        """Keep one request that fits the schema. Raises NotDeployed, StoreFull."""
        with self.lock:
            try:
                self.connection.execute("BEGIN IMMEDIATE")
                self._add(request)
                self.connection.execute("COMMIT")
            except sqlite3.OperationalError as error:
                raise StoreFull(f"the report cannot be stored: {error}") from error
            finally:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")

    def _add(self, request: Line) -> None:
        agent = self._agent(request)
        facts = {one["type"]: one["data"] for one in request["facts"]}
        part = facts["report"][0]
        report = self._report(agent, part)
        head = {"agent": agent, "report": report}
        for item in facts.get("deployedWorkloads", ()):
            self._add_deployed(item | head)
        for item in facts.get("loadedPackages", ()):
            self._add_loaded(item | head)
        self._finish(agent, report, part)

    def _agent(self, request: Line) -> int:
        target, version = request["target"], request["identity"]["version"]
        row = self.connection.execute(
            "INSERT INTO agents (cluster, agent, group_id, version)"
            " VALUES (:cluster, :agentId, :userLocator, :version)"
            " ON CONFLICT DO UPDATE SET version = excluded.version RETURNING id",
            {**target, "version": version},
        ).fetchone()
        return int(row[0])

    def _report(self, agent: int, part: Line) -> int:
        """The number of the report that this is a part of: the one it has, or the next."""
        key = {**part, "agent": agent}
        row = self.connection.execute(SAME_REPORT, key).fetchone()
        row = row or self.connection.execute(NEXT_REPORT, key).fetchone()
        key["report"] = int(row[0])
        self.connection.execute(ADD_PART, key)
        return int(row[0])

    def _add_deployed(self, item: Line) -> None:
        (number,) = self.connection.execute(ADD_CONTAINER, item).fetchone()
        image = orjson.dumps(item["image"]).decode()
        self.connection.execute(SET_DEPLOYED, {**item, "id": number, "image": image})

    def _add_loaded(self, item: Line) -> None:
        if self.connection.execute(IS_DEPLOYED, item).fetchone() is None:
            names = (item["namespace"], item["workloadKind"], item["workloadName"])
            raise NotDeployed(f"{'/'.join(names)} was not reported as deployed")
        (number,) = self.connection.execute(ADD_CONTAINER, item).fetchone()
        head = {"id": number, "report": item["report"]}
        self.connection.execute("UPDATE containers SET loaded = :report WHERE id = :id", head)
        for package in item["packages"]:
            self._add_package(package, head)
        coverage = [one | head for one in item["coverage"]]
        self.connection.executemany(ADD_COVERAGE, coverage)
        gaps = [{**one, "runtime": one["runtime"] or "", **head} for one in item["gaps"]]
        self.connection.executemany(ADD_GAP, gaps)

    def _add_package(self, package: Line, head: Line) -> None:
        line = orjson.dumps(package).decode()
        values = {"version": None, "inside": "", **package, "line": line, **head}
        values = {key: value for key, value in values.items() if not isinstance(value, list)}
        (number,) = self.connection.execute(ADD_PACKAGE, values).fetchone()
        names = {(number, *name_of(purl)) for purl in purls_of(package)}
        self.connection.executemany("INSERT OR IGNORE INTO names VALUES (?, ?, ?)", names)

    def _finish(self, agent: int, report: int, part: Line) -> None:
        """With its last part a report becomes the current one, and what is too old is forgotten."""
        values = {"agent": agent, "report": report, "at": part["at"]}
        (there,) = self.connection.execute(COUNT_PARTS, values).fetchone()
        if there == part["parts"]:
            self.connection.execute(SET_CURRENT, values)
        row = self.connection.execute("SELECT report FROM agents WHERE id = ?", (agent,)).fetchone()
        bounds = {"current": row[0], "kept": KEPT_REPORTS, "pending": MAX_PENDING}
        for forget in FORGET:
            self.connection.execute(forget, {**values, **bounds})


def purls_of(package: Line) -> set[str]:
    """All names that a package is found by: what was inferred finds it too, and is told as such."""
    inferred = package.get("inferredPurl", package["purl"])
    return {package["purl"], inferred, *package.get("aliases", ())}


def name_of(purl: str) -> tuple[str, str]:
    """Type and name as their ecosystem compares them; of what is no purl, the text itself."""
    try:
        wanted = Wanted.parse(purl)
    except UsageError:
        return "", purl
    return wanted.type, wanted.name
