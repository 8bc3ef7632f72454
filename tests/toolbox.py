"""The one list of real components that tests run against, and the command that fetches them.

`python -m tests.toolbox [NAME...]` fills the cache folder (RUNTIME_SENSOR_TOOLBOX, else
~/.cache/runtime-sensor/toolbox) and prints a row for each component; `--list` only prints what is
there. Once filled it needs no network. A new component is one row here and, if no fetcher in
`tests/fetch/` fits, one function there.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from tests.fetch import python
from tests.fetch.component import Component, Outcome, Store, default_root

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.fetch.python import Python

# Two at a time: a mirror serves two clients well, and the machines of CI have two cores.
PARALLEL = 2

PYTHON_TESTS = ("live/python", "replay")
NATIVE_PYTHONS = ("3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
# Interpreters that this machine need not have: version to the Debian suite that has it.
ROOT_PYTHONS = {"3.14": "forky", "3.15": "forky"}
# Free-threaded ones, built from the suite's source: Debian has no package of them.
FREE_THREADED = {"3.13t": "trixie", "3.14t": "forky"}


def _native(version: str) -> Component:
    return Component(
        f"cpython-{version}",
        version,
        "none",
        1,
        PYTHON_TESTS,
        partial(python.find_native, version=version),
        python.has_native,
    )


def _rooted(version: str, suite: str) -> Component:
    fetch = partial(python.fetch_root, suite=suite, packages=(f"python{version}",))
    return Component(f"cpython-{version}", suite, "apt", 70, PYTHON_TESTS, fetch)


COMPONENTS: tuple[Component, ...] = (
    *(_native(version) for version in NATIVE_PYTHONS),
    *(_rooted(version, suite) for version, suite in ROOT_PYTHONS.items()),
    Component(
        "debian-python-root",
        "bookworm",
        "apt",
        60,
        ("live/containers", "vm"),
        partial(
            python.fetch_root,
            suite="bookworm",
            packages=("python3", "python3-yaml", "python3-requests"),
        ),
    ),
)


def python_of(version: str, folder: Path) -> Python:
    """Return how to start the interpreter in the folder of component cpython-VERSION."""
    if version in ROOT_PYTHONS:
        return python.rooted(folder, version)
    return python.native(folder, version)


def show(component: Component, outcome: Outcome) -> str:
    """Return the row of one component."""
    row = (
        f"{component.name:22} {component.version:12} {component.client:8} {component.size_mb:5} MB"
    )
    return f"{row}  {outcome.state:12}{outcome.seconds:6.1f} s  {outcome.reason}".rstrip()


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill the cache; return 0, or with REQUIRE=all 1 when something could not be had."""
    parser = argparse.ArgumentParser(prog="tests.toolbox", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these components")
    parser.add_argument("--list", action="store_true", help="fetch nothing")
    options = parser.parse_args(arguments)
    unknown = set(options.names) - {component.name for component in COMPONENTS}
    if unknown:
        parser.error(f"no such component: {', '.join(sorted(unknown))}")
    wanted = [row for row in COMPONENTS if not options.names or row.name in options.names]
    store = Store(default_root())
    act = store.look if options.list else store.fill
    failed = False

    def handle(component: Component) -> bool:
        outcome = act(component)
        print(show(component, outcome), flush=True)
        return outcome.state in {"unavailable", "missing"}

    with ThreadPoolExecutor(PARALLEL) as pool:
        failed = any(list(pool.map(handle, wanted)))
    return int(failed and os.environ.get("REQUIRE") == "all")


if __name__ == "__main__":
    sys.exit(main())
