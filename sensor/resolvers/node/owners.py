"""Whose code lies at a place: a package, and a copy of another one inside it.

In node_modules/PKG all code is that package's, whatever package.json files lie deeper: those are
mostly stubs ({"type": "module"}), or parts that are never published (`private`). One that names
another package is a copy of it inside, as Next.js has some fifty; many do not say of which version.
Outside of node_modules (the application, workspaces,
linked packages) the nearest package.json that has a name decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sensor.model.purl import npm
from sensor.resolvers.node import told
from sensor.resolvers.node.packagejson import is_problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sensor.resolvers.node.packagejson import Row
    from sensor.resolvers.node.places import Place


class Owner(NamedTuple):
    """One package, and the folder of its package.json. `inside` is the purl of its carrier."""

    folder: str
    name: str
    version: str | None
    inside: str | None
    zipped: bool

    @property
    def purl(self) -> str:
        """The package URL."""
        return npm(self.name, self.version)


class Answer(NamedTuple):
    """Who owns a place: nobody for an application without name or version, or generated code.

    `reason` is why nobody is known to own it, `folder` of what ("" for a lone file). Where a
    package.json could not be read there is no reason here: that is told for itself.
    """

    owners: tuple[Owner, ...] = ()
    reason: str | None = None
    folder: str = ""


def owners(place: Place, rows: Mapping[str, Row]) -> Answer:
    """Whose code lies at a place, by the package.json files that were found."""
    if not place.package:
        return _outside(place, rows)
    if place.package.rpartition("/")[2].startswith("."):
        # No package has such a name: what tools have made there (.prisma, .cache).
        return Answer()
    carrier = _owner(place.package, rows)
    inner = _copy(place, rows, carrier)
    found = tuple(owner for owner in (carrier, inner) if owner is not None)
    if found:
        return Answer(found)
    row = rows.get(place.package)
    if row is not None and is_problem(row):
        return Answer()
    return Answer((), told.UNOWNED if row is None else told.NO_NAME, place.package)


def _outside(place: Place, rows: Mapping[str, Row]) -> Answer:
    if not place.above:
        return Answer((), told.UNOWNED)
    for folder in place.above:
        owner = _owner(folder, rows)
        if owner is not None:
            return Answer((owner,) if owner.version else ())
        if folder in rows and is_problem(rows[folder]):
            break
    return Answer()


def _copy(place: Place, rows: Mapping[str, Row], carrier: Owner | None) -> Owner | None:
    """The nearest package below the carrier that is another one, and can be published."""
    for folder in place.above:
        owner = _owner(folder, rows)
        if folder == place.package or owner is None or rows[folder][2]:
            continue
        if owner.version is None and (carrier is None or _is_part(owner.name, carrier.name)):
            continue
        same = carrier is not None and owner.purl == carrier.purl
        return None if same else owner._replace(inside=carrier and carrier.purl)
    return None


def _is_part(name: str, carrier: str) -> bool:
    """Whether a name without version is one for a part of the carrier ("preact-hooks")."""
    return carrier.rpartition("/")[2] in name


def _owner(folder: str, rows: Mapping[str, Row]) -> Owner | None:
    """Who a package.json says that it is; None when there is none, or it does not say."""
    row = rows.get(folder)
    if row is None or is_problem(row) or row[0] is None:
        return None
    return Owner(folder, row[0], row[1], None, row[3])
