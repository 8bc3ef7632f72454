"""One look at one process: of which packages does it map code."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from sensor.errors import BudgetSpent, FileRefused, Malformed
from sensor.model.finding import NOT_MINE, Finding
from sensor.resolvers.debianroot import DebianRoot
from sensor.resolvers.ospkg import facts, reading
from sensor.resolvers.ospkg.databases import recognised
from sensor.resolvers.ospkg.mapped import code_of, signature
from sensor.resolvers.ospkg.reasons import Reason
from sensor.resolvers.ospkg.sorting import sort

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensor.host.seam import Cache, Process
    from sensor.model.budget import Budget
    from sensor.model.finding import Plain
    from sensor.model.process import Mapping
    from sensor.resolvers.ospkg.facts import Said

Memo = dict[str, Any]


def detects(process: Process) -> bool:
    """Whether it runs a program: whose packages these are, only its root can tell."""
    return bool(process.exe)


def resolve(process: Process, budget: Budget, cache: Cache, memo: Plain) -> Finding:
    """The packages of its mapped code; see CAPABILITIES.md.

    The memo holds the answer. It is right for as long as the same files are mapped: what is
    installed later is another file.
    """
    known = cast("Memo", memo or {})
    if known.get("digest") == process.maps_digest:
        return _answer(known)
    files = code_of(process)
    files_now = signature(files)
    if known.get("files") != files_now:
        said = _said(process, files, budget, cache)
        if said is None:
            return _unfinished(process)
        known = {"files": files_now, "said": said}
    return _answer({**known, "digest": process.maps_digest})


def _said(process: Process, files: Sequence[Mapping], budget: Budget, cache: Cache) -> Said | None:
    """What is said of the process: {} when there is no database, None when the time is up."""
    key = DebianRoot(process.files).identity()
    if key is None:
        return _other(process)
    paths = [mapping.path for mapping in files]
    try:
        owners = reading.owners(process.files, key, paths, budget, cache)
    except (Malformed, FileRefused, BudgetSpent) as error:
        return facts.only([[str(Reason.DATABASE), str(error)]], "dpkg not read", process.at)
    if owners is None:
        return None
    if owners.empty:
        return _other(process) or facts.only(
            [[str(Reason.DATABASE), "dpkg has no lists of files"]], "dpkg not read", process.at
        )
    return facts.said(sort(process.files, files, owners), owners, process.at)


def _other(process: Process) -> Said:
    """A gap for a database that is recognised; {} when there is none."""
    found = recognised(process.files)
    if found is None:
        return {}
    tool, path = found
    label = DebianRoot(process.files).label()
    gap = [str(Reason.FORMAT), f"{tool}: {path} of {label}"]
    return facts.only([gap], f"database of {tool}, not read", process.at)


def _answer(memo: Memo) -> Finding:
    if not memo["said"]:
        return replace(NOT_MINE, memo=memo)
    return replace(facts.finding(memo["said"]), memo=memo)


def _unfinished(process: Process) -> Finding:
    return Finding.unfinished(facts.RUNTIME, process.at, None)
