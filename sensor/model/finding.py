"""What a resolver says about one process: packages, gaps, coverage.

A fact is `loaded` with evidence, `not_observed` with the coverage that proves we looked, or
`unknown` with a reason. All of it is plain data and survives a JSON round trip (`from_plain`), so
that a resolver can run in another process.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

# What JSON can hold: the type of memos and of cache values.
Plain = dict[str, "Plain"] | list["Plain"] | str | int | float | bool | None


class State(StrEnum):
    """What is known of a package in a process."""

    LOADED = "loaded"
    NOT_OBSERVED = "not_observed"
    UNKNOWN = "unknown"


class Depth(StrEnum):
    """How deep a loaded package is in use, weakest first."""

    OPENED = "opened"
    LOADED = "loaded"
    INITIALIZED = "initialized"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason to believe, which a person can check with another tool.

    `kind` says what was seen ("sys.modules", "mapping", "pclntab", …), `source` where it was read
    ("memory", "maps", "file"), `path` the file concerned as the process sees it, `detail` what a
    person would look for there, `at` when, in seconds since the epoch.
    """

    kind: str
    source: str
    path: str
    detail: str
    at: float

    def plain(self) -> Plain:
        """A JSON object."""
        return _fields(self)


@dataclass(frozen=True, slots=True)
class Package:
    """One package in one process.

    `version` is None when it is not known: it is never guessed. `reason` is set for `unknown` only.
    `inside` is the purl of the carrier of a vendored or contained copy. `subpaths` are the linked
    packages of a Go module relative to it ("" for its root), None for other runtimes. `aliases` are
    further purls of the same thing (a replaced Go module, the PyPI name of a Debian package).
    `identity` says by what its name and version are known ("pom.properties", "manifest", "file
    name"), "" where nothing is to be said. `inferred` are the parts of the purl that were concluded
    and not read ("namespace", "version"): who needs certainty leaves them out. `sha1` is the SHA-1
    in hex of the file that carries it, where registries and scanners identify by it.
    """

    purl: str
    name: str
    version: str | None
    runtime: str
    state: State
    depth: Depth | None = None
    evidence: tuple[Evidence, ...] = ()
    reason: str | None = None
    inside: str | None = None
    subpaths: tuple[str, ...] | None = None
    aliases: tuple[str, ...] = ()
    identity: str = ""
    inferred: tuple[str, ...] = ()
    sha1: str | None = None

    def __post_init__(self) -> None:
        """Hold the rules of truth: no fact without evidence, no unknown without a reason."""
        if self.state is State.UNKNOWN:
            if not self.reason or self.depth is not None:
                raise ValueError(f"unknown needs a reason and has no depth: {self.purl}")
        elif self.reason is not None:
            raise ValueError(f"only unknown has a reason: {self.purl}")
        elif not self.evidence:
            raise ValueError(f"no fact without evidence: {self.purl}")
        if (self.state is State.LOADED) != (self.depth is not None):
            raise ValueError(f"loaded and depth go together: {self.purl}")

    def plain(self) -> Plain:
        """A JSON object."""
        return {**_fields(self), "evidence": [item.plain() for item in self.evidence]}

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Self:
        """The package of a decoded JSON object. Raises KeyError, TypeError, ValueError."""
        fields = dict(data)
        fields["state"] = State(fields["state"])
        fields["depth"] = Depth(fields["depth"]) if fields.get("depth") else None
        fields["evidence"] = tuple(Evidence(**item) for item in fields.get("evidence", ()))
        subpaths = fields.get("subpaths")
        fields["subpaths"] = None if subpaths is None else tuple(subpaths)
        fields["aliases"] = tuple(fields.get("aliases", ()))
        fields["inferred"] = tuple(fields.get("inferred", ()))
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class Gap:
    """What could not be learned, and why.

    `reason` is a short constant phrase that can be counted ("memory not readable"), `detail` the
    particulars (a path, a number, what would fix it).
    """

    runtime: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was looked at in one process. `not_observed` can be derived from it, if complete.

    `since` is when the state was read, in seconds since the epoch; `how` says by which way
    ("CPython 3.11.7, sys.modules by debug offsets"); `complete` is False when anything is missing.
    """

    runtime: str
    complete: bool
    since: float
    how: str


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of one resolver to one look at one process.

    `coverage` None means: this process is not of my runtime. `more` means that the look stopped at
    its budget: packages and gaps are not final, and the next look goes on from `memo`.
    """

    packages: tuple[Package, ...] = ()
    gaps: tuple[Gap, ...] = ()
    coverage: Coverage | None = None
    memo: Plain = None
    more: bool = False

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> Self:
        """The finding of a decoded JSON object. Raises KeyError, TypeError, ValueError."""
        coverage = data.get("coverage")
        return cls(
            packages=tuple(Package.from_plain(item) for item in data["packages"]),
            gaps=tuple(Gap(**item) for item in data["gaps"]),
            coverage=Coverage(**coverage) if coverage else None,
            memo=data.get("memo"),
            more=bool(data.get("more")),
        )

    @classmethod
    def unread(cls, gap: Gap, since: float) -> Self:
        """Of a process that is mine and of which nothing was learned: only why."""
        coverage = Coverage(gap.runtime, complete=False, since=since, how=gap.reason)
        return cls(gaps=(gap,), coverage=coverage)

    @classmethod
    def unfinished(cls, runtime: str, since: float, memo: Plain) -> Self:
        """Of a process that is mine: this slice is over, and there is more to come."""
        coverage = Coverage(runtime, complete=False, since=since, how="not finished")
        return cls(coverage=coverage, memo=memo, more=True)

    def facts(self) -> dict[str, Plain]:
        """What was learned as plain data, without memo: for the memo of a finished look."""
        return {
            "packages": [package.plain() for package in self.packages],
            "gaps": [_fields(gap) for gap in self.gaps],
            "coverage": _fields(self.coverage) if self.coverage else None,
        }

    def remembering(self, stage: str, rest: Mapping[str, Plain]) -> Self:
        """This, finished, with a memo that holds it as `stage` beside the `rest`."""
        return replace(self, memo={**rest, stage: self.facts()}, more=False)

    @classmethod
    def remembered(cls, facts: Mapping[str, Any], memo: Plain) -> Self:
        """The finding of `facts`, with the memo that it came from. Raises as `from_plain`."""
        return replace(cls.from_plain(facts), memo=memo)


def _fields(word: Evidence | Package | Gap | Coverage) -> dict[str, Any]:
    """As dataclasses.asdict, but not into what a field holds: a look makes hundreds of them."""
    return {name: getattr(word, name) for name in word.__slots__}


# A resolver may also give a memo with this answer: `coverage` alone decides.
NOT_MINE = Finding()
