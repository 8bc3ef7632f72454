"""One look at one process by every resolver that detects it.

The one place where ProcessGone is caught, and where a defect of a resolver becomes a gap.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sensor.errors import ProcessGone, SensorError
from sensor.model.budget import Budget
from sensor.model.finding import Finding, Gap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sensor.host.seam import Cache, Opener, Process
    from sensor.model.finding import Plain
    from sensor.model.process import ProcessKey
    from sensor.resolvers.resolver import Resolver

# A look that is not finished after this many slices (20 s) is given up as a gap.
MAX_SLICES = 100


@dataclass(frozen=True, slots=True)
class Memos:
    """What resolvers want to be handed back at the next look, for one program of one process.

    `program` tells programs apart across exec, which keeps the ProcessKey: a memo of another
    program is not handed back. While `maps_digest` stays the same, the resolvers that detect the
    process are those that have a memo, and are not asked again whether they do.
    """

    program: str = ""
    maps_digest: int = 0
    by_resolver: dict[str, Plain] = field(default_factory=dict)

    def with_part(self, newer: Memos) -> Memos:
        """These, with what a look of some resolvers at the same program has learned since.

        The digest stays that of the look at which every resolver was asked.
        """
        return Memos(self.program, self.maps_digest, self.by_resolver | newer.by_resolver)


@dataclass(frozen=True, slots=True)
class Look:
    """What was learned: findings by resolver name, without those of other runtimes.

    `gone` says that the process ended or changed its program while we looked: then there are no
    findings, for they could mix two programs. `memos` make the next look at this process cheap.
    """

    key: ProcessKey
    findings: dict[str, Finding] = field(default_factory=dict)
    memos: Memos = field(default_factory=Memos)
    gone: bool = False

    @property
    def more(self) -> bool:
        """Whether a resolver stopped at its budget: look again, with these memos."""
        return any(finding.more for finding in self.findings.values())


def look(
    opener: Opener,
    key: ProcessKey,
    resolvers: Iterable[Resolver],
    cache: Cache,
    memos: Memos | None = None,
) -> Look:
    """One slice of work on one process. Raises NotPermitted when not even its maps can be read."""
    findings: dict[str, Finding] = {}
    try:
        with opener.open_process(key) as process:
            program, digest = process.program, process.maps_digest
            known = memos if memos and memos.program == program else Memos()
            same = known.program and known.maps_digest == digest
            for resolver in resolvers:
                if resolver.name in known.by_resolver if same else resolver.detects(process):
                    memo = known.by_resolver.get(resolver.name)
                    findings[resolver.name] = _resolve(resolver, process, cache, memo)
            process.verify()
    except ProcessGone:
        return Look(key, gone=True)
    mine = {name: found for name, found in findings.items() if found.coverage or found.more}
    kept = {name: finding.memo for name, finding in findings.items()}
    return Look(key, mine, Memos(program, digest, kept))


def look_until_done(
    opener: Opener,
    key: ProcessKey,
    resolvers: Iterable[Resolver],
    cache: Cache,
    between: Callable[[], None] = lambda: None,
) -> Look:
    """Look again and again until no resolver has more to do; `between` runs after each slice.

    After an exec between two slices it begins anew: facts of two programs are never mixed.
    """
    everyone = chosen = tuple(resolvers)
    done: dict[str, Finding] = {}
    memos = Memos()
    for _ in range(MAX_SLICES):
        result = look(opener, key, chosen, cache, memos)
        if result.gone:
            return result
        between()
        if memos.program not in {"", result.memos.program}:
            chosen, done, memos = everyone, {}, Memos()
            continue
        asked = {resolver.name for resolver in chosen}
        done = {n: f for n, f in done.items() if n not in asked} | result.findings
        memos = memos.with_part(result.memos) if memos.program else result.memos
        chosen = tuple(r for r in chosen if r.name in done and done[r.name].more)
        if not chosen:
            return Look(key, done, memos)
    return Look(key, {n: given_up(n, f) if f.more else f for n, f in done.items()}, memos)


def _resolve(resolver: Resolver, process: Process, cache: Cache, memo: Plain) -> Finding:
    try:
        return resolver.resolve(process, Budget(process.meter), cache, memo)
    except ProcessGone:
        raise
    except SensorError as error:
        return _failed(resolver.name, process, type(error).__name__, str(error))
    except Exception as error:  # noqa: BLE001 - a defect costs one look and is reported as a gap
        return _failed(resolver.name, process, "crash", f"{type(error).__name__}: {error}")


def _failed(name: str, process: Process, reason: str, detail: str) -> Finding:
    return Finding.unread(Gap(name, reason, detail), process.at)


def given_up(name: str, finding: Finding) -> Finding:
    """A look that is not finished and will not be: what is known so far, and a gap."""
    gap = Gap(name, "look not finished", f"stopped after {MAX_SLICES} slices")
    coverage = finding.coverage and replace(finding.coverage, complete=False)
    return Finding(finding.packages, (*finding.gaps, gap), coverage)
