"""Reads the archives that a look knows of, in slices, and tells apart what lies in each.

What was read is in the cache; the state of the look holds the identities of the files, how far
reading ahead came, and gaps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sensor.errors import FileRefused
from sensor.model.file import FileId
from sensor.resolvers.java import candidates, index
from sensor.resolvers.java.archive import Place
from sensor.resolvers.java.archivegaps import note
from sensor.resolvers.java.archivereasons import Reason
from sensor.resolvers.java.owner import Known

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sensor.host.seam import Cache, Files
    from sensor.resolvers.java.candidates import Candidate, Paths
    from sensor.resolvers.java.index import Held


@dataclass(slots=True)
class Archive:
    """One archive in the order in which it is known."""

    place: Place
    held: Held
    known: Known
    nests: bool


class Reading:
    """One slice of reading. `state` is that of the look, and is changed."""

    def __init__(
        self, files: Files, cache: Cache, due: Callable[[], bool], state: dict[str, Any]
    ) -> None:
        """Read through `files` until `due`."""
        self._files = files
        self._cache = cache
        self._due = due
        self._state = state

    def archives(self, paths: Paths) -> list[Archive] | None:
        """All archives, read; None when time is up."""
        known: dict[Any, Archive] = {}
        pending = self._placed(paths)
        if not self._read_ahead(pending):
            return None
        seen = {candidate.place.file for candidate in pending}
        carriers: set[Any] = set()
        while pending:
            candidate = pending.pop(0)
            held = self._held(candidate)
            if held is None:
                return None
            if not _is_copy(candidate, held, carriers):
                for one in _told_apart(candidate, held, paths.began):
                    known.setdefault(one.place.content, one)
            named = self._named(paths, candidate, held)
            pending[:0] = [one for one in named if one.place.file not in seen]
            seen |= {one.place.file for one in named}
        return list(known.values())

    def _read_ahead(self, pending: Sequence[Candidate]) -> bool:
        """Read archives into the cache from where the last slice ended; False when time is up.

        Only so that a slice need not go through those again which others have read.
        """
        start = self._state.get("ahead", 0)
        for number, candidate in enumerate(pending[start:], start):
            if self._held(candidate) is None:
                self._state["ahead"] = number
                return False
        self._state["ahead"] = len(pending)
        return True

    def _held(self, candidate: Candidate) -> list[Held] | None:
        """What is in a file, out of the cache or read; nothing for one that cannot be."""
        place = candidate.place
        held = index.held(self._cache, place.file)
        if held is not None:
            return held
        if self._due():
            return None
        try:
            with self._files.open(place.path) as file:
                if file.id != place.file:
                    return []
                if not index.read(file, self._cache, self._due):
                    return None
        except FileRefused as error:
            note(self._state, Reason.REFUSED, str(error))
            return []
        return index.held(self._cache, place.file)

    def _named(self, paths: Paths, candidate: Candidate, held: list[Held]) -> list[Candidate]:
        """What the manifest of a JAR on the class path puts behind it."""
        if candidate.position is None or not held:
            return []
        text = held[0].entry["manifest"].get("class-path", "")
        found = candidates.Paths()
        for number, path in enumerate(candidates.named_by_manifest(candidate.place, text)):
            if path.endswith("/"):
                paths.folders.setdefault(path.rstrip("/"), (*candidate.position, number))
            else:
                found.add(path, (*candidate.position, number))
        found.descriptors, found.gone = paths.descriptors, paths.gone
        found.ordered, found.began = paths.ordered, paths.began
        return self._placed(found) if found.archives else []

    def _placed(self, paths: Paths) -> list[Candidate]:
        """The archives with their identities, each asked for once in a look."""
        known: dict[str, Any] = self._state.setdefault("files", {})
        new = [path for path in paths.archives if path not in known]
        room = candidates.MAX_CANDIDATES - len(known)
        if len(new) > room or len(paths.archives) >= candidates.MAX_CANDIDATES:
            note(self._state, Reason.TOO_MANY, f"more than {candidates.MAX_CANDIDATES}")
            new = new[:room]
        identities = self._files.stat_many(new)
        known |= {p: one and list(one) for p, one in zip(new, identities, strict=True)}
        found = {path: FileId(*one) for path in paths.archives if (one := known.get(path))}
        return candidates.placed(paths, found)


def _is_copy(candidate: Candidate, held: Sequence[Held], carriers: set[Any]) -> bool:
    """Whether it carries archives and one that is known carries the same; else it is noted.

    A server keeps what it was given: its loader reads one of the copies, and what is in one is in
    the other, so that no question may come of it.
    """
    if len(held) < 2:  # noqa: PLR2004 - itself and one in it
        return False
    entry = held[0].entry
    mark = candidate.place.file.size, entry["classes"], str(entry["nested"])
    is_copy = mark in carriers and candidate.position is None
    carriers.add(mark)
    return is_copy


def _told_apart(candidate: Candidate, held: Sequence[Held], began: int) -> list[Archive]:
    """A file and the archives in it. What lies in one archive is one group, in its order."""
    fresh = 0 < began * candidates.MILLISECOND < candidate.place.file.ctime_ns
    place = candidate.place
    carriers = {Place(place.path, place.file, one.inside).carrier for one in held[1:]}
    only_found = candidate.position is None and candidate.descriptor is None
    found = []
    for one in held:
        where = Place(place.path, place.file, one.inside)
        nests = where.text in carriers
        group = where.text if nests else where.carrier
        order = 0 if nests else one.order or None
        known = Known(
            group,
            order,
            candidate.position if not one.inside else None,
            candidate.descriptor if not one.inside else None,
            found=only_found,
            fresh=fresh,
        )
        found.append(Archive(where, one, known, nests))
    return found
