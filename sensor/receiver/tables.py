"""The tables of the receiver's database, and how it is opened. SQLite, in WAL mode.

Reports are numbered by agent, as they come. A row has the number of the last report that told it;
it is current while that is not below `agents.report`, the last one that came whole.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from sensor.errors import SensorError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Raised when a table changes: the file is then told to be of another version, and left alone.
VERSION: Final = 1
# 1 GiB in pages of 4 KiB: some 5 million packages (200 bytes each with its index).
MAX_PAGES: Final = (1 << 30) // 4096
BUSY_SECONDS: Final = 10.0

TABLES: Final = """
CREATE TABLE agents (
    id INTEGER PRIMARY KEY, cluster TEXT NOT NULL, agent TEXT NOT NULL, group_id TEXT NOT NULL,
    version TEXT NOT NULL, report INTEGER NOT NULL DEFAULT 0, reported_at REAL,
    UNIQUE (group_id, cluster, agent)
);
CREATE TABLE parts (
    agent INTEGER NOT NULL REFERENCES agents, report INTEGER NOT NULL, at REAL NOT NULL,
    parts INTEGER NOT NULL, part INTEGER NOT NULL, PRIMARY KEY (agent, report, part)
) WITHOUT ROWID;
CREATE TABLE containers (
    id INTEGER PRIMARY KEY, agent INTEGER NOT NULL REFERENCES agents,
    namespace TEXT NOT NULL, kind TEXT NOT NULL, workload TEXT NOT NULL, container TEXT NOT NULL,
    image_id TEXT NOT NULL, image_name TEXT NOT NULL,
    api_version TEXT, workload_uid TEXT, type TEXT, image TEXT, pods INTEGER,
    deployed INTEGER NOT NULL DEFAULT 0, loaded INTEGER NOT NULL DEFAULT 0,
    UNIQUE (agent, namespace, kind, workload, container, image_id)
);
CREATE TABLE packages (
    id INTEGER PRIMARY KEY,
    container INTEGER NOT NULL REFERENCES containers ON DELETE CASCADE,
    purl TEXT NOT NULL, inside TEXT NOT NULL, name TEXT NOT NULL, version TEXT,
    depth TEXT NOT NULL, line TEXT NOT NULL, first_seen REAL NOT NULL, last_seen REAL NOT NULL,
    report INTEGER NOT NULL, UNIQUE (container, purl, inside)
);
CREATE TABLE names (
    package INTEGER NOT NULL REFERENCES packages ON DELETE CASCADE, type TEXT NOT NULL,
    name TEXT NOT NULL, PRIMARY KEY (package, type, name)
) WITHOUT ROWID;
CREATE INDEX names_by_name ON names (name);
CREATE TABLE coverage (
    container INTEGER NOT NULL REFERENCES containers ON DELETE CASCADE, runtime TEXT NOT NULL,
    how TEXT NOT NULL, complete INTEGER NOT NULL, since REAL NOT NULL, report INTEGER NOT NULL,
    PRIMARY KEY (container, runtime, how)
) WITHOUT ROWID;
CREATE TABLE gaps (
    container INTEGER NOT NULL REFERENCES containers ON DELETE CASCADE, runtime TEXT NOT NULL,
    reason TEXT NOT NULL, count INTEGER NOT NULL, report INTEGER NOT NULL,
    PRIMARY KEY (container, runtime, reason)
) WITHOUT ROWID;
"""


class BadDatabase(SensorError):
    """The file is no database of the receiver, or cannot be used."""

    help = "Give --db FILE the file that runtime-sensor receive writes, or a new one to begin with."
    exit_code = 6


def open_to_write(path: Path) -> sqlite3.Connection:
    """Open the database, or make it, for its owner alone. Raises BadDatabase."""
    with suppress(FileExistsError, FileNotFoundError, PermissionError):  # sqlite says it better
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return _opened(str(path), _prepare)


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open a database that is there. Raises BadDatabase."""
    if not path.is_file():
        raise BadDatabase(f"{path}: no such file")
    return _opened(f"{path.absolute().as_uri()}?mode=ro", lambda _: None)


def _opened(name: str, prepare: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(
            name,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            uri=name.startswith("file:"),
        )
    except sqlite3.Error as error:
        raise BadDatabase(f"{name}: {error}") from error
    try:
        prepare(connection)
        version = _version(connection)
    except sqlite3.Error as error:
        connection.close()
        raise BadDatabase(f"{name}: {error}") from error
    if version != VERSION:
        connection.close()
        raise BadDatabase(f"{name}: no database of this version of the receiver")
    connection.row_factory = sqlite3.Row
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    if _version(connection) == 0 and not _tables(connection):
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA max_page_count = {MAX_PAGES}")


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _tables(connection: sqlite3.Connection) -> int:
    count: int = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    return count
