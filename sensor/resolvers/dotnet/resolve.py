"""One look at one process: is .NET in it, which assemblies has it loaded, whose are they.

The memo of a finished look holds the answer, and a token of all that was sighted: while that stays
the same, so does the answer. Between slices it holds what the files read so far say. What was found
damaged in memory is read once more at the next look.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from sensor.model.finding import Coverage, Depth, Finding
from sensor.resolvers.dotnet import detect, sightings
from sensor.resolvers.dotnet.assemblies import Identity, Reader
from sensor.resolvers.dotnet.facts import RUNTIME, Drafts, gaps, sample
from sensor.resolvers.dotnet.join import COMPILER, Joiner, Named
from sensor.resolvers.dotnet.manifests import Folders, base
from sensor.resolvers.dotnet.reasons import HARMLESS, Reason
from sensor.resolvers.dotnet.sightings import (
    COPIED,
    MAPPED,
    MAX_SIGHTINGS,
    OPENED,
    UNSURE,
    Sighting,
    place,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sensor.host.seam import Cache, Process
    from sensor.model.budget import Budget
    from sensor.model.finding import Plain
    from sensor.resolvers.dotnet.detect import Found

# Packages of a finished look that its memo keeps; a process with more is joined anew each time.
MAX_KEPT = 2_000
RUNTIME_NAME = "Microsoft.NETCore.App"


def resolve(process: Process, budget: Budget, cache: Cache, memo: Plain) -> Finding:
    """The packages whose assemblies a .NET process has loaded. See Resolver."""
    state = cast("dict[str, Any]", memo or {})
    digest = process.maps_digest
    if state.get("digest") == digest:
        return _remembered(state)
    files = state.get("files", {})
    found = detect.look(process, cache, files)
    if not found.managed and not found.native:
        return Finding(memo={"digest": digest, "files": files})
    seen, more = sightings.of(process, found.program.bundle) if found.managed else ([], False)
    token = _token(process, seen)
    if state.get("token") == token and "done" in state:
        return _remembered({**state, "digest": digest, "files": files})
    known = cast("dict[str, Plain]", state.get("read", {}))
    look = _Look(process, cache, found, seen)
    if not look.read(known, budget):
        coverage = Coverage(RUNTIME, complete=False, since=process.at, how="still reading")
        rest = {"files": files, "read": known, "torn": state.get("torn")}
        return Finding(coverage=coverage, memo=rest, more=True)
    finding = look.finding(known, more=more)
    kept: dict[str, Plain] = {"files": files}
    torn = look.torn(known)
    if torn and state.get("torn") != token:
        kept |= {"torn": token, "read": {k: v for k, v in known.items() if k not in torn}}
    elif len(finding.packages) <= MAX_KEPT:
        kept |= {"digest": digest, "token": token, "done": finding.facts()}
    return replace(finding, memo=kept)


def _token(process: Process, seen: Iterable[Sighting]) -> int:
    """Another number for all else that could be told of the process."""
    rows = [(s.how, s.path, s.key) for s in seen]
    return zlib.crc32(repr((rows, process.memory_gap, sightings.copies(process))).encode())


def _remembered(state: dict[str, Any]) -> Finding:
    """The finding of a memo: of another runtime's process it has none."""
    if "done" not in state:
        return Finding(memo=state)
    return Finding.remembered(state["done"], state)


class _Look:
    """One slice of a look at a process with .NET in it."""

    def __init__(self, process: Process, cache: Cache, found: Found, seen: list[Sighting]) -> None:
        self._process = process
        self._cache = cache
        self._found = found
        self._seen = seen
        self._folders = Folders(process, cache)

    def read(self, known: dict[str, Plain], budget: Budget) -> bool:
        """Read each file that is not `known`, and add it; False when the budget is used."""
        joiner = Joiner(self._folders, ())
        with Reader(self._process, self._cache) as reader:
            for sighting in self._seen:
                if sighting.how == UNSURE or sighting.key in known:
                    continue
                if joiner.framework(sighting.path):
                    continue
                if budget.due():
                    return False
                known[sighting.key] = [*reader.read(sighting)]
                self._folders.of(sighting.path)
        return True

    def torn(self, known: Mapping[str, Plain]) -> set[str]:
        """The copies in memory that are damaged: the runtime may have been at work on them."""
        copies = (s.key for s in self._seen if s.how == COPIED)
        return {key for key in copies if Identity.from_plain(known[key]).problem}

    def finding(self, known: Mapping[str, Plain], *, more: bool) -> Finding:
        """What all files together say."""
        drafts, identities = Drafts(), {k: Identity.from_plain(p) for k, p in known.items()}
        joiner = self._joiner(identities)
        for sighting in self._seen:
            named = joiner.name(sighting, identities.get(sighting.key, Identity()))
            if named:
                drafts.add(named, sighting)
        for named, sighting in (*self._libraries(joiner), *self._native()):
            drafts.add(named, sighting)
        found = [*self._problems(more=more), *self._folders.gaps.items(), *joiner.gaps]
        found += drafts.gaps()
        complete = all(reason in HARMLESS for reason, _ in found)
        how = self._how(drafts.version(RUNTIME_NAME))
        coverage = Coverage(RUNTIME, complete=complete, since=self._process.at, how=how)
        # With memory, an open file counts only when the runtime has a copy of it there.
        opened = Depth.OPENED if self._process.memory_gap else Depth.LOADED
        return Finding(drafts.packages(self._process.at, opened=opened), gaps(found), coverage)

    def _joiner(self, identities: Mapping[str, Identity]) -> Joiner:
        """With all folders read: some files are named by the manifest of another folder."""
        if self._found.program.bundle:
            self._folders.bundled(self._found.program.bundle)
        for sighting in self._seen:
            if sighting.how in {MAPPED, OPENED}:
                self._folders.of(sighting.path)
        return Joiner(self._folders, (i.name.lower() for i in identities.values()))

    def _libraries(self, joiner: Joiner) -> Iterator[tuple[Named, Sighting]]:
        """Mapped libraries of machine code that a framework or a package brought."""
        if not self._found.managed:
            return
        folders = {base(s.path) for s in self._seen if s.how in {MAPPED, OPENED}}
        mapped = {m.path: m for m in self._process.maps() if m.inode and ".so" in m.path}
        for path, mapping in mapped.items():
            named = joiner.framework(path)
            if named is None and base(path) in folders:
                named = joiner.native(path)
            if named:
                yield named, Sighting(MAPPED, path, place(mapping), path)

    def _native(self) -> Iterator[tuple[Named, Sighting]]:
        """The .NET that is compiled into a program or a library."""
        for mapping, version in self._found.native:
            path, told = mapping.path, f".NET: ilc {version or '?'} in .comment"
            sighting = Sighting(MAPPED, path, place(mapping), path)
            yield Named(RUNTIME_NAME, version or None, COMPILER, path, told), sighting

    def _problems(self, *, more: bool) -> Iterator[tuple[Reason, str]]:
        """What hides assemblies."""
        found, process = self._found, self._process
        if found.native:
            path = found.native[0][0].path
            yield Reason.NATIVE, f"{path}: which assemblies are compiled into it is not known"
        if found.refused:
            yield Reason.PROGRAM, found.refused
        if found.program.problem:
            yield Reason.BUNDLE, f"{process.exe}: {found.program.problem}"
        bundle = found.program.bundle
        packed = sum(1 for entry in bundle.entries if entry.packed) if bundle else 0
        if packed:
            yield Reason.PACKED, f"{process.exe}: {packed} files"
        unsure = sorted(s.detail for s in self._seen if s.how == UNSURE)
        if unsure:
            yield Reason.PAGE, f"{process.exe}: of {sample(unsure)}"
        if process.memory_gap is not None and found.managed:
            yield Reason.CLOSED, process.memory_gap
        if more:
            yield Reason.TOO_MANY, f"more than {MAX_SIGHTINGS}"

    def _how(self, version: str | None) -> str:
        """.NET 8.0.4: 37 assemblies by mappings and descriptors, 2 by copies in memory."""
        name = f".NET {version}" if version else ".NET of unknown version"
        if not self._found.managed:
            return f"{name}, compiled ahead of time"
        copies = sum(1 for sighting in self._seen if sighting.how == COPIED)
        files = sum(1 for sighting in self._seen if sighting.how not in {COPIED, UNSURE})
        where = "in one file" if self._found.program.bundle else "by mappings and descriptors"
        return f"{name}: {files} assemblies {where}, {copies} by copies in memory"
