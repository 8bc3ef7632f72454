"""The state of a walk over the interpreters of a process, and what comes of it. Plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from sensor.model.telling import few
from sensor.resolvers.python.modules import Imported, Module

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sensor.model.finding import Plain

# Names told in the detail of a gap.
MAX_TOLD = 5

CHANGING = "sys.modules is changing"
UNREADABLE = "interpreter not readable"
STARTING = "interpreter is starting or ending"
NAMES = "module name not readable"
ATTRIBUTES = "module attributes not readable"
OPAQUE = "module object not readable"
TOO_MANY = "too many modules"


@dataclass(slots=True)
class Progress:
    """Where a walk is: plain data.

    `finished` are addresses of interpreters, `tables` of their sys.modules; two with the same one
    are one (a search without symbols can take a neighbour of it for a second interpreter).
    `keys` and `at` are the table of the present interpreter and the next entry of it, `rows` its
    modules by name: [file, version]; `earlier` are the rows of finished interpreters. `gaps` are
    particulars by reason.
    """

    finished: list[int] = field(default_factory=list)
    tables: list[int] = field(default_factory=list)
    keys: int = 0
    at: int = 0
    restarts: int = 0
    rows: dict[str, list[str | None]] = field(default_factory=dict)
    earlier: list[dict[str, list[str | None]]] = field(default_factory=list)
    gaps: dict[str, list[str]] = field(default_factory=dict)
    version: str | None = None
    stdlib: str | None = None
    frozen: bool = False
    paths: list[str] = field(default_factory=list)

    def plain(self) -> Plain:
        """A JSON object."""
        return {name: getattr(self, name) for name in self.__slots__}

    def gap(self, reason: str, details: Iterable[str]) -> None:
        """Note what could not be read."""
        new = list(details)
        if new:
            self.gaps.setdefault(reason, []).extend(new)

    def finish(self, address: int) -> None:
        """The present interpreter is read as far as it can be."""
        self.finished.append(address)
        self.earlier.append(self.rows)
        self.rows, self.keys, self.at, self.restarts = {}, 0, 0, 0


class Walked(NamedTuple):
    """All that was imported, in how many interpreters, and (reason, detail) of what is missing."""

    imported: Imported
    interpreters: int
    gaps: list[tuple[str, str]]


def walked(progress: Progress) -> Walked:
    """The answer of a finished walk."""
    return Walked(_imported(progress), len(progress.tables), _gaps(progress))


def _imported(progress: Progress) -> Imported:
    rows = dict.fromkeys(
        Module(name, file, version)
        for modules in progress.earlier
        for name, (file, version) in modules.items()
    )
    return Imported(
        tuple(rows), progress.version, progress.stdlib, progress.frozen, tuple(progress.paths)
    )


def _gaps(progress: Progress) -> list[tuple[str, str]]:
    """Reason and bounded detail. An odd object in a package that is known anyway hides nothing."""
    gaps = dict(progress.gaps)
    opaque = set(gaps.pop(OPAQUE, ()))
    names = {name for modules in progress.earlier for name in modules}
    tops = {name.partition(".")[0] for name in names - opaque}
    odd = [name for name in opaque if name.partition(".")[0] not in tops]
    if odd:
        gaps[OPAQUE] = odd
    if NAMES in gaps:
        # Addresses: they tell how many, and nothing to a person.
        gaps[NAMES] = [str(len(set(gaps[NAMES])))]
    return [(reason, few(sorted(set(details)), MAX_TOLD)) for reason, details in gaps.items()]
