"""Modules of packages that only conda knows: they have files, but no Python metadata.

Asked only for modules of a conda environment that no distribution owns. One pass over conda-meta,
once per image; the result is cached by the identity of that directory.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sensor.errors import FileRefused, Malformed
from sensor.formats import condameta
from sensor.formats.pyrecord import SUFFIXES
from sensor.formats.source import whole
from sensor.model import purl
from sensor.resolvers.python import reasons
from sensor.resolvers.python.drafts import Draft
from sensor.resolvers.python.paths import ENVIRONMENT, join
from sensor.resolvers.python.sites import Due
from sensor.resolvers.python.units import claims, joined, plain

if TYPE_CHECKING:
    from sensor.host.seam import Cache, Files
    from sensor.model.budget import Budget
    from sensor.resolvers.python.drafts import Drafts
    from sensor.resolvers.python.match import Loaded, Matches
    from sensor.resolvers.python.told import Told

# Values change their meaning with the number.
OWNERS = "python-conda-1"
# The full Anaconda distribution has 450 packages.
MAX_PACKAGES = 5_000
MAX_GAPS = 10
# Records that are read between two questions for the time: each slice gets that far.
STEP = 8


class Conda:
    """The records of conda in one root."""

    def __init__(self, files: Files, cache: Cache, budget: Budget) -> None:
        """Read them through `files`."""
        self._files, self._cache, self._budget = files, cache, budget

    def take(self, found: Matches, drafts: Drafts, told: Told) -> None:
        """Move the modules that conda's records own out of `found.unowned`. Raises Due."""
        for root in sorted(found.unowned):
            place = ENVIRONMENT.fullmatch(root)
            value = self._below(place[1], place[2]) if place and found.unowned[root] else None
            if value is not None:
                for reason, detail in value["gaps"]:
                    told.add(reason, detail)
                found.unowned[root] = _take(found.unowned[root], value, drafts)

    def _below(self, prefix: str, inner: str) -> dict[str, Any] | None:
        """The owners below a directory of an environment; None where conda made none."""
        try:
            key, names = self._files.list_dir(join(prefix, "conda-meta"))
        except FileRefused:
            # No environment of conda.
            return None
        known: Any = self._cache.get(OWNERS, key) or {}
        value = known.get(inner, {})
        if "units" not in value:
            names = [name for name in names if name.endswith(".json")][:MAX_PACKAGES]
            value, done = self._read(prefix, inner + "/", names, value)
            self._cache.put(OWNERS, key, {**known, inner: value})
            if not done:
                raise Due
        whole_value: dict[str, Any] = value
        return whole_value

    def _read(
        self, prefix: str, inner: str, names: list[str], known: dict[str, Any]
    ) -> tuple[dict[str, Any], bool]:
        """Read records until the budget is used; what they say, and whether all are read."""
        found: list[list[Any]] = list(known.get("found", ()))
        gaps: list[list[str]] = list(known.get("gaps", ()))
        begin = known.get("next", 0)
        for number, name in enumerate(names[begin:], begin):
            try:
                record = self._record(join(prefix, f"conda-meta/{name}"))
            except (FileRefused, Malformed) as error:
                gaps.append([reasons.CONDA, str(error)])
                continue
            rows = [path[len(inner) :] for path in record.files if path.startswith(inner)]
            rows = [row for row in rows if row.endswith(SUFFIXES) and "__pycache__" not in row]
            if rows:
                found.append([list(record[:5]), rows])
            if number % STEP == STEP - 1 and self._budget.due():
                return {"found": found, "gaps": gaps, "next": number + 1}, False
        files = {number: dict.fromkeys(rows) for number, (_, rows) in enumerate(found)}
        packages = [package for package, _ in found]
        return {"packages": packages, "units": plain(joined(files)), "gaps": gaps[:MAX_GAPS]}, True

    def _record(self, path: str) -> condameta.Record:
        with self._files.open(path) as file:
            return condameta.record(whole(file, condameta.MAX_BYTES))


def _take(modules: list[Loaded], value: dict[str, Any], drafts: Drafts) -> list[Loaded]:
    """Drafts for the packages of some modules; the modules of none."""
    mine: dict[int, list[Loaded]] = defaultdict(list)
    rest: list[Loaded] = []
    places: dict[str, Any] = {}
    for module in modules:
        claimed = claims(value["units"], module.inner, places)
        (mine[claimed[0][0]] if len(claimed) == 1 else rest).append(module)
    for number, owned in mine.items():
        name, version, build, subdir, channel = value["packages"][number]
        draft = Draft(name, version, dict.fromkeys(owned, f"conda-meta of {name}-{version}"))
        drafts.add(draft, purl.conda(name, version, build=build, subdir=subdir, channel=channel))
    return rest
