"""The classes of every JDK, late, against the JVM's own log of them: precision and recall 1.0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fetch.jdk import SUITES, VENDOR_NAME
from tests.support.jdks import compiled, jdk_of, names, read, running

if TYPE_CHECKING:
    from pathlib import Path

    from sensor.resolvers.java.classes import Classes
    from tests.harness.fixtures import Toolbox

VERSIONS = (*SUITES, VENDOR_NAME)
pytestmark = [pytest.mark.runtimes, pytest.mark.root]


@pytest.fixture(scope="module")
def work(toolbox: Toolbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(toolbox, tmp_path_factory.mktemp("java"))


def kinds(found: Classes) -> dict[str, str]:
    """The loader of each class of the small program, by its kind."""
    return {
        loader.kind: klass.name
        for loader in found.loaders
        for klass in loader.classes
        if klass.name == "Small$Used"
    }


def initialized(found: Classes) -> dict[str, bool]:
    """Of the classes that the program itself has loaded."""
    (own,) = (loader for loader in found.loaders if "AppClassLoader" in loader.kind)
    return {k.name: k.initialized for k in own.classes if k.name.startswith("Small")}


@pytest.mark.parametrize("version", VERSIONS)
def test_all_classes_of_all_loaders(toolbox: Toolbox, work: Path, version: str) -> None:
    with running(jdk_of(toolbox, version), work, "Small") as jvm:
        found = read(jvm.pid)
        truth = jvm.truth()
    assert found
    assert names(found) == truth
    assert found.told == []
    assert found.total == found.counted
