"""What a resolver is: one record. Adding a runtime adds one of these to `RESOLVERS`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensor.host.seam import Cache, Process
    from sensor.model.budget import Budget
    from sensor.model.finding import Finding, Plain


@dataclass(frozen=True, slots=True)
class Resolver:
    """A runtime we can read.

    `detects` looks at maps, exe and arguments only and opens nothing: a cheap "could be mine".
    `resolve` reads; it stops when `budget.due()` and returns `more` with a memo from which the next
    call goes on. Given the memo of a finished look it answers from a cheap re-check when nothing
    changed. Memo and cache values are plain data. It raises ProcessGone, and nothing else for what
    a process can do: damage, lies and bounds are gaps.
    """

    name: str
    purl_types: tuple[str, ...]
    detects: Callable[[Process], bool]
    resolve: Callable[[Process, Budget, Cache, Plain], Finding]
