"""Copies of distributions inside another one: `pip/_vendor/urllib3` is urllib3 inside pip.

Found where the copy still says what it is: a nested .dist-info, or a list of pins beside it.
A copy is told apart from its carrier, which has its modules too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from sensor.resolvers.python.paths import below, join, parents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sensor.resolvers.python.match import Loaded, Owner
    from sensor.resolvers.python.site import Site
    from sensor.resolvers.python.sites import Sites

# What pip, setuptools, poetry, requests, urllib3 and botocore call directories of copies.
PLACES = frozenset(
    (
        *("_vendor", "vendor", "_vendored", "vendored", "_vendored_packages", "packages"),
        *("_extern", "extern", "externals", "_third_party", "third_party"),
    )
)
_INSIDE = re.compile(rf"(?:^|/)(?:{'|'.join(sorted(PLACES))})/")
# In one process; each is one more directory to look at.
MAX_PLACES = 200


class Copy(NamedTuple):
    """A vendored copy: who it is, the list that says so, who carries it, and where."""

    name: str
    version: str | None
    how: str
    carrier: Owner
    place: str


def copies(owned: Mapping[Owner, list[Loaded]], sites: Sites) -> dict[Copy, list[Loaded]]:
    """The vendored copies among the matched modules. Raises what reading an import root raises."""
    found: dict[Copy, list[Loaded]] = defaultdict(list)
    places: set[str] = set()
    for owner in sorted(owned):
        for module in owned[owner]:
            for place in _places(module, owner[0]):
                if place not in places and len(places) >= MAX_PLACES:
                    continue
                places.add(place)
                copy = _copy(sites.at(place), module, owner)
                if copy is not None:
                    found[copy].append(module)
                    break
    return dict(found)


def _places(module: Loaded, root: str) -> Iterable[str]:
    """The directories of copies above a module, the innermost first."""
    if not _INSIDE.search(module.inner) or module.inner == module.path:
        # No copies; or an editable project: the root it was matched by is not above its files.
        return ()
    above = [path for path in parents(module.inner) if path.rpartition("/")[2] in PLACES]
    return (join(root, path) for path in reversed(above))


def _copy(site: Site, module: Loaded, carrier: Owner) -> Copy | None:
    inner = below(module.path, site.path)
    claimed = site.claims(inner)
    if len(claimed) == 1:
        dist = site.dist(claimed[0][0])
        return Copy(dist.name, dist.version, f"{dist.how} of {dist.info}", carrier, site.path)
    pin = site.pins.get(inner.partition("/")[0].partition(".")[0].lower())
    if pin is None:
        return None
    return Copy(pin[0], pin[1], "list of vendored copies", carrier, site.path)
