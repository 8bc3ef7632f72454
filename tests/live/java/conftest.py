"""The shelves of JARs, and each program started, looked at and asked once for all tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.live.java import apps, oracle, wildfly
from tests.live.java.seen import Seen, look
from tests.live.java.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable

    See = Callable[[str], Seen]

    from tests.harness.fixtures import Toolbox


# Programs with a component of their own.
OTHERS: dict[str, Callable[[Toolbox], Shelf]] = {
    "spark": lambda toolbox: Shelf(toolbox.path("java-spark")),
    **dict.fromkeys(apps.SERVERS, lambda toolbox: wildfly.ServerShelf(toolbox.path("java-server"))),
}


@pytest.fixture(scope="session")
def shelf(toolbox: Toolbox) -> Shelf:
    toolbox.path("maven")
    return Shelf(toolbox.path("java-apps"))


@pytest.fixture(scope="session")
def seen(shelf: Shelf, toolbox: Toolbox, tmp_path_factory: pytest.TempPathFactory) -> See:
    """Return a function that gives what is said of a program, by the sensor and by the JVM."""
    known: dict[str, Seen] = {}

    def see(name: str) -> Seen:
        if name not in known:
            mine = OTHERS[name](toolbox) if name in OTHERS else shelf
            folder = tmp_path_factory.mktemp("app")
            with apps.started(name, mine, folder) as pid:
                # The sensor first: what is asked of the JVM loads classes.
                found = look(pid)
                deployed = mine.folder / "jars"
                agent, answer = shelf.own("oracle"), folder / "rows"
                rows = oracle.ask(pid, agent, answer, deployed=deployed)
            known[name] = Seen(found, rows, oracle.logged(folder / apps.LOG, deployed), mine)
        return known[name]

    return see
