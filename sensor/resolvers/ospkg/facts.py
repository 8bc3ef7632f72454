"""From sorted files to what is said of a process: plain for the memo, and back as a Finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sensor.model.finding import Coverage, Depth, Evidence, Finding, Gap, Package, State
from sensor.model.purl import deb
from sensor.resolvers.ospkg.mapped import few, place
from sensor.resolvers.ospkg.reasons import CONTESTED, HARMLESS, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping as Dict
    from collections.abc import Sequence

    from sensor.resolvers.ospkg.owners import Owner, Owners
    from sensor.resolvers.ospkg.sorting import Sorted

RUNTIME: Final = "os"

Said = dict[str, Any]


def said(found: Sorted, owners: Owners, at: float) -> Said:
    """What the files of a process say, for `finding`. `at` is when they were read."""
    rows = _rows(found)
    lost = {one.name for _, owned in found.owned for one in owned if one.version is None}
    gaps = [*owners.gaps, *found.gaps()]
    if lost:
        gaps.append([str(Reason.NO_STATUS), few(lost)])
    release = owners.release
    how = f"mapped files, by dpkg's lists of {release.label}"
    return {**only(gaps, how, at), "release": [release.id, release.label], "rows": rows}


def only(gaps: Sequence[Sequence[str]], how: str, at: float) -> Said:
    """The same without packages."""
    complete = all(reason in HARMLESS for reason, _ in gaps)
    return {"at": at, "how": how, "complete": complete, "gaps": [*gaps], "rows": []}


def _rows(found: Sorted) -> list[list[Any]]:
    """One for each package.

    Its owner's fields, the first of its files and where that is mapped, how many more there are,
    and why it is not certain that it is this package (None: it is).
    """
    rows: dict[tuple[Owner, str | None], list[Any]] = {}
    for mapping, owners in found.owned:
        doubt = CONTESTED if len(owners) > 1 else None
        for owner in owners:
            one = owner._replace(version=None) if mapping.deleted else owner
            row = rows.setdefault((one, doubt), [*one, mapping.path, place(mapping), -1, doubt])
            row[-2] += 1
    return [rows[key] for key in sorted(rows, key=str)]


def finding(plain: Dict[str, Any]) -> Finding:
    """The finding of what was said."""
    at = plain["at"]
    gaps = tuple(Gap(RUNTIME, reason, detail) for reason, detail in plain["gaps"])
    packages = tuple(_package(row, plain["release"], at) for row in plain["rows"])
    return Finding(packages, gaps, Coverage(RUNTIME, plain["complete"], at, plain["how"]))


def _package(row: Sequence[Any], release: Sequence[str], at: float) -> Package:
    name, version, arch, by, path, where, more, doubt = row
    others = f", and {more} more of its files" if more else ""
    return Package(
        deb(name, version, arch=arch, distro_id=release[0], distro=release[1]),
        name,
        version,
        RUNTIME,
        State.UNKNOWN if doubt else State.LOADED,
        None if doubt else Depth.LOADED,
        (
            Evidence("mapping", "maps", path, where + others, at),
            Evidence("dpkg", "file", by, f"lists {path}", at),
        ),
        doubt,
    )
