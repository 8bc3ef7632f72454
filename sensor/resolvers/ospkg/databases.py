"""Package databases that are recognised, and not read yet: apk's and rpm's. Nothing is parsed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from sensor.host.seam import Files


class Database(NamedTuple):
    """One kind of database: what writes it, and where it is."""

    tool: str
    paths: tuple[str, ...]


_RPM: Final = ("rpmdb.sqlite", "Packages.db", "Packages")
_RPM_PLACES: Final = ("/var/lib/rpm", "/usr/lib/sysimage/rpm", "/usr/share/rpm")
DATABASES: Final = (
    # apk-tools 2 and 3 (src/database.c, apk_layer_root and APK_DB_LAYER_UVOL of apk-tools).
    Database("apk", ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")),
    # Its backends sqlite, ndb, Berkeley DB (rpm: lib/backend/*.c); places of RHEL, SUSE, OSTree.
    Database("rpm", tuple(f"{place}/{name}" for place in _RPM_PLACES for name in _RPM)),
)


def recognised(files: Files) -> tuple[str, str] | None:
    """(tool, path) of the database that is there."""
    for database in DATABASES:
        found = files.stat_many(database.paths)
        for path, there in zip(database.paths, found, strict=True):
            if there and there.size:
                return database.tool, path
    return None
