"""Whether the files that modules claim are there: a process can write anything into its memory.

A few files of each distribution are enough to prove it; the others are not looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sensor.host.seam import Files
    from sensor.resolvers.python.match import Loaded
    from sensor.resolvers.python.units import Claim

# Reasons to believe that are kept of each distribution: a person needs one that still exists.
MAX_EVIDENCE = 3


class Proof(NamedTuple):
    """Modules whose files are there, the first by name; and those that are not there."""

    there: list[Loaded]
    missing: list[Loaded]


def sizes(files: Files, paths: Sequence[str]) -> list[int | None]:
    """The size of each file in bytes, None where there is none."""
    return [None if found is None else found.size for found in files.stat_many(paths)]


def prove(
    groups: Sequence[list[Loaded]], there: Callable[[list[Loaded]], list[bool]]
) -> list[Proof]:
    """A proof for each group: of its first few modules, of all when none of those is there."""
    ordered = [sorted(set(group), key=_order) for group in groups]
    first = [group[:MAX_EVIDENCE] for group in ordered]
    answers = iter(there([module for group in first for module in group]))
    proofs = [_proof(group, [next(answers) for _ in group]) for group in first]
    for number, proof in enumerate(proofs):
        rest = ordered[number][MAX_EVIDENCE:]
        if not proof.there and rest:
            more = _proof(rest, there(rest))
            proofs[number] = Proof(more.there[:MAX_EVIDENCE], proof.missing + more.missing)
    return proofs


def _order(module: Loaded) -> tuple[bool, Loaded]:
    """Modules under the name of their own path first: others are harder to check for a person."""
    return not module.inner.startswith(module.name.replace(".", "/")), module


def _proof(modules: list[Loaded], there: list[bool]) -> Proof:
    pairs = list(zip(modules, there, strict=True))
    return Proof([m for m, here in pairs if here], [m for m, here in pairs if not here])


def settle(claimed: Sequence[Claim], size: int | None) -> list[int]:
    """Which of several recorded owners the file can be of, by its size in bytes."""
    exact = [number for number, recorded in claimed if recorded == size]
    open_ = [number for number, recorded in claimed if recorded is None]
    return (exact + open_) if size is not None else []
