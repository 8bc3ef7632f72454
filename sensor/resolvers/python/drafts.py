"""Packages in the making: what was matched, until its files are known to be there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensor.model.finding import Depth, Evidence, Package, State
from sensor.model.purl import pypi
from sensor.resolvers.python.verify import prove

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sensor.resolvers.python.match import Loaded

RUNTIME = "python"

# purl, and the purl of the carrier: one package in one process.
Key = tuple[str, str | None]


@dataclass(slots=True)
class Draft:
    """One package: its modules with how each was matched, and its other purls."""

    name: str
    version: str | None
    modules: dict[Loaded, str] = field(default_factory=dict)
    aliases: set[str] = field(default_factory=set)


class Drafts:
    """All packages of one look."""

    def __init__(self, at: float) -> None:
        """The time of their evidence, in seconds since the epoch."""
        self._at = at
        self._drafts: dict[Key, Draft] = {}

    def add(self, draft: Draft, purl: str, inside: str | None = None) -> None:
        """Add a package; the same one found another way becomes one."""
        known = self._drafts.setdefault((purl, inside), draft)
        known.modules |= draft.modules
        known.aliases |= draft.aliases

    def packages(
        self, there: Callable[[list[Loaded]], list[bool]]
    ) -> tuple[list[Package], list[str]]:
        """The packages of which a file is there, sorted; and the paths that are not there."""
        keys = sorted(self._drafts, key=lambda key: (key[0], key[1] or ""))
        proofs = prove([list(self._drafts[key].modules) for key in keys], there)
        missing = [module.path for proof in proofs for module in proof.missing]
        packages = [
            self._package(key, proof.there)
            for key, proof in zip(keys, proofs, strict=True)
            if proof.there
        ]
        return packages, missing

    def _package(self, key: Key, proven: list[Loaded]) -> Package:
        draft = self._drafts[key]
        return Package(
            purl=key[0],
            name=draft.name,
            version=draft.version,
            runtime=RUNTIME,
            state=State.LOADED,
            depth=Depth.LOADED,
            evidence=tuple(evidence(m, draft.modules[m], self._at) for m in proven),
            inside=key[1],
            aliases=tuple(sorted(draft.aliases)),
        )


def evidence(module: Loaded, how: str, at: float) -> Evidence:
    """That a module is in sys.modules, and by what it was matched."""
    return Evidence("sys.modules", "memory", module.path, f"{module.name}, by {how}", at)


def contested(
    name: str, version: str | None, others: Iterable[str], reasons: tuple[Evidence, ...]
) -> Package:
    """A distribution that shares all its loaded files with others: one of them is loaded."""
    return Package(
        purl=pypi(name, version),
        name=name,
        version=version,
        runtime=RUNTIME,
        state=State.UNKNOWN,
        evidence=reasons,
        reason=f"its loaded files are recorded by {', '.join(others)} too",
    )
