"""The command behind `make toolbox`: fills the cache from a list and prints a row for each."""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.fetch.component import Store, default_root

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.fetch.component import Component, Outcome

# Two at a time: a mirror serves two clients well, and the machines of CI have two cores.
PARALLEL = 2
REASON_CHARACTERS = 160
NOT_HAD = {"unavailable", "missing"}


def fill(components: Sequence[Component], arguments: Sequence[str] | None) -> int:
    """Fetch what is named, or everything; return 0, with REQUIRE=all 1 when something is missing.

    Ends with 2 for a name that the list does not have.
    """
    parser = argparse.ArgumentParser(prog="make toolbox", description="Fetch real components.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these components")
    parser.add_argument("--list", action="store_true", help="fetch nothing, show what is there")
    options = parser.parse_args(arguments)
    names = set(options.names or (row.name for row in components))
    if unknown := names - {row.name for row in components}:
        parser.error(f"no such component: {', '.join(sorted(unknown))}")
    store = Store(default_root())
    act = store.look if options.list else store.fill

    def handle(component: Component) -> str:
        outcome = act(component)
        # One write: two components end at the same time, and a line must stay a line.
        sys.stdout.write(show(component, outcome) + "\n")
        sys.stdout.flush()
        return outcome.state

    with ThreadPoolExecutor(PARALLEL) as pool:
        states = set(pool.map(handle, [row for row in components if row.name in names]))
    return int(bool(states & NOT_HAD) and os.environ.get("REQUIRE") == "all")


def show(component: Component, outcome: Outcome) -> str:
    """Return the row of one component: what it is, what came of it, and why or for which tests."""
    what = (
        f"{component.name:27} {component.version:12} {component.client:8}{component.size_mb:5} MB"
    )
    # Of a long reason the last line: that is where the clients say it.
    why = outcome.reason.strip().rpartition("\n")[2][:REASON_CHARACTERS]
    tail = why or f"for {', '.join(component.needed_by)}"
    return f"{what}  {outcome.state:11}{outcome.seconds:6.1f} s  {tail}"
