"""The `toolbox` fixture: real components for tests, or a skip that says what provides them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fetch.component import Store, default_root
from tests.harness.skips import Gone, need
from tests.toolbox import COMPONENTS, FREE_THREADED, NATIVE_PYTHONS, ROOT_PYTHONS, python_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fetch.python import Python


class Toolbox:
    """What `make toolbox` has fetched. Every method skips the test when the thing is missing."""

    def __init__(self, store: Store) -> None:
        """Look into this cache folder."""
        self._store = store
        self._rows = {component.name: component for component in COMPONENTS}

    def path(self, name: str) -> Path:
        """Return the folder of a component. Raises KeyError when the list has no such row."""
        component = self._rows[name]
        known = self._store.look(component)
        if known.state == "gone":
            raise Gone(f"{name} {component.version}: {known.reason}")
        need(known.state == "have", f"{name}: {known.reason}", f"make toolbox ARGS={name}")
        return self._store.folder(component)

    def python(self, version: str) -> Python:
        """Return a real interpreter: "3.6" … "3.15", "3.13t". Some need root (chroot)."""
        name = f"cpython-{version}"
        python = python_of(version, self.path(name))
        need(python.usable(), f"{name} is run by chroot", "root")
        return python

    def python_versions(self) -> tuple[str, ...]:
        """Return every version that `python` knows, whether it is there or not."""
        return (*NATIVE_PYTHONS, *ROOT_PYTHONS, *FREE_THREADED)


@pytest.fixture(scope="session")
def toolbox() -> Toolbox:
    """Return the toolbox: `toolbox.path("hugo")`, `toolbox.python("3.14")`."""
    return Toolbox(Store(default_root()))
