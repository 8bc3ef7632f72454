"""Reads dpkg's lists of one image, in slices, into an `Owners`. The cache holds how far it came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sensor.errors import Malformed
from sensor.formats import dpkg, dpkgcode
from sensor.formats.pathtext import to_bytes, to_text
from sensor.resolvers.debianroot import RELEASES, SUMS, DebianRoot, Status
from sensor.resolvers.ospkg.mapped import few
from sensor.resolvers.ospkg.owners import Owner, Owners, packed, unpacked
from sensor.resolvers.ospkg.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from sensor.host.seam import Cache, Files
    from sensor.model.budget import Budget
    from sensor.model.file import FileId

# Values change their meaning with the number.
CACHE: Final = "os.dpkg-1"
# Of all paths that are kept of one image: a machine with 800 packages has 150 KB. Packing so many
# takes 30 ms.
MAX_BYTES: Final = 2 << 20
# Files of one image that are mapped as code and look like none: for each new one all lists are read
# again. A machine has a few, such as daemons below /usr/lib.
MAX_ODD: Final = 256
MAX_GAPS: Final = 10

Value = dict[str, Any]


def owners(
    files: Files, key: FileId, paths: Collection[str], budget: Budget, cache: Cache
) -> Owners | None:
    """Who owns files of an image, its lists read or known; None when the budget is used.

    `key` is the identity of the database. Raises Malformed and FileRefused when it cannot be read.
    """
    stamp = _stamp(files)
    value: Any = cache.get(CACHE, key)
    if value is None or value["stamp"] != stamp:
        merged = DebianRoot(files).merged()
        value = _beginning(stamp, _lacking({"odd": [], "merged": merged}, paths))
    elif "after" not in value and (lacking := _lacking(value, paths)):
        value = _beginning(stamp, {*value["odd"], *lacking})
    if "after" in value:
        value = _Reading(DebianRoot(files), value).slice(budget)
        cache.put(CACHE, key, value)
    return None if "after" in value or _lacking(value, paths) else Owners(value)


def _lacking(value: Value, paths: Collection[str]) -> set[str]:
    """Files in unusual places that this reading did not look for, and a new one would."""
    lacking = Owners(value).unasked(paths)
    return lacking if len(value["odd"]) + len(lacking) <= MAX_ODD else set()


def _stamp(files: Files) -> list[str]:
    """Equal for equal databases whose status, by which the cache is keyed, is the same."""
    found = files.stat_many((dpkg.INFO, dpkg.STATUS_PARTS, dpkg.DIVERSIONS, *RELEASES))
    return [one.token() if one else "" for one in found]


def _beginning(stamp: list[str], odd: Collection[str]) -> Value:
    nothing = {"lists": [], "rows": packed(()), "gaps": []}
    return {"stamp": stamp, "odd": sorted(odd), "after": "", **nothing}


class _Reading:
    """One slice. `value` is how far it has come: it is not changed, a newer one is answered."""

    def __init__(self, root: DebianRoot, value: Value) -> None:
        self._root, self._value = root, value
        self._gaps: list[list[str]] = []
        self._release = root.release()
        self._merged = root.merged()
        self._tops = tuple(to_bytes(f"{top}/") for top in self._merged)
        diverted = root.diversions()
        self._moved = {self._canonical(to_bytes(one.path)): one for one in diverted}
        self._also = frozenset(self._spellings(self._unmarked(diverted)))

    def slice(self, budget: Budget) -> Value:
        """Read lists until the budget is used, or all are read."""
        lists, rows = [*self._value["lists"]], unpacked(self._value["rows"])
        pending = [path for path in self._root.lists() if path > self._value["after"]]
        size = sum(len(path) for found in rows for path in found)
        for path in pending:
            found = self._rows(path)
            if found:
                lists.append(path)
                rows.append(found)
                size += sum(len(row) for row in found)
            if size > MAX_BYTES:
                raise Malformed(f"more than {MAX_BYTES} bytes of paths")
            if budget.due():
                return self._newer(lists, rows, after=path)
        return self._finished(lists, rows)

    def _rows(self, path: str) -> set[bytes]:
        """The paths of one list, each in its one spelling and where it really lies."""
        package = dpkg.package_of(path)
        if not dpkg.is_name(package):
            self._gaps.append([str(Reason.LIST), f"{path}: not the name of a package"])
            return set()
        data = self._root.read(path)
        if data is None:
            return set()
        read = dpkgcode.summed if path.endswith(SUMS) else dpkgcode.listed
        try:
            return {self._placed(row, package) for row in read(data, self._also)}
        except Malformed as error:
            self._gaps.append([str(Reason.LIST), f"{path}: {error}"])
            return set()

    def _placed(self, row: bytes, package: str) -> bytes:
        name = self._canonical(row)
        moved = self._moved.get(name)
        if moved is None or moved.by == package:
            return name
        return self._canonical(to_bytes(moved.to))

    def _canonical(self, path: bytes) -> bytes:
        if not path.startswith(self._tops):
            return path
        return to_bytes(dpkg.canonical(to_text(path), self._merged))

    def _unmarked(self, diverted: Iterable[dpkg.Diversion]) -> set[str]:
        """What to look for that has no mark: the odd files, and what is diverted to be looked for.

        A package's list still names the place that its file was diverted from.
        """
        odd = {dpkg.canonical(path, self._merged) for path in self._value["odd"]}
        for one in diverted:
            to = dpkg.canonical(one.to, self._merged)
            if to in odd or dpkgcode.expected(to_bytes(to)):
                odd.add(dpkg.canonical(one.path, self._merged))
        return {path for path in odd if not dpkgcode.expected(to_bytes(path))}

    def _spellings(self, paths: Iterable[str]) -> Iterator[bytes]:
        """The names that each path has where /usr is merged."""
        for path in paths:
            yield to_bytes(path)
            for top, target in self._merged.items():
                if path.startswith(f"{target}/"):
                    yield to_bytes(top + path[len(target) :])

    def _finished(self, lists: list[str], rows: list[set[bytes]]) -> Value:
        status = self._root.status()
        self._note_unlisted(status)
        value = self._newer([list(_owner(path, status)) for path in lists], rows)
        release = self._release
        return {**value, "release": [release.id, release.label], "merged": self._merged}

    def _note_unlisted(self, status: Status) -> None:
        """Packages without a list: what they own seems to be nobody's."""
        listed = {status.get(dpkg.owner_of(path)) for path in self._root.lists()}
        names = {binary.name for binary in set(status.values()) - listed}
        if names:
            self._gaps.append([str(Reason.NO_LIST), few(names)])

    def _newer(self, lists: list[Any], rows: list[set[bytes]], **after: str) -> Value:
        refused = [[str(Reason.LIST), f"{path}: {why}"] for path, why in self._root.refusals]
        gaps = [*self._value["gaps"], *refused, *self._gaps][:MAX_GAPS]
        kept = {name: self._value[name] for name in ("stamp", "odd")}
        return {**kept, "lists": lists, "rows": packed(rows), "gaps": gaps, **after}


def _owner(path: str, status: Status) -> Owner:
    """The package that a list is of."""
    name, arch = dpkg.owner_of(path)
    binary = status.get((name, arch))
    return Owner(*binary, path) if binary else Owner(name, None, "", path)
