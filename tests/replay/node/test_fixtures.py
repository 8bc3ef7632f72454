"""Recorded Node.js processes give the modules that they said of themselves, and their packages."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from sensor import fixture
from sensor.host import fixturefile
from sensor.host.cache import FileCache
from sensor.host.recorded import RecordedOpener
from sensor.model.budget import Budget
from sensor.resolvers.node import NODE
from sensor.resolvers.node.loaded import Loaded, loaded
from sensor.resolvers.node.postmortem import Program, program
from sensor.resolvers.node.words import CJS, ESM
from tests.fetch.node import NODES

FIXTURES = Path(__file__).parents[2] / "fixtures" / "node"
FOLDERS = sorted(FIXTURES.glob("node-*"))
PACKAGES = {
    "pkg:npm/%40s/one@5.0.0",
    "pkg:npm/esm@6.0.0",
    "pkg:npm/left@1.0.0",
    "pkg:npm/right@2.0.0",
}


def test_there_is_one_of_each_version() -> None:
    assert {folder.name for folder in FOLDERS} == {f"node-{version}" for version in NODES}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_fixture_gives_the_modules_that_were_loaded(folder: Path) -> None:
    truth = orjson.loads((folder / "expected.json").read_bytes())
    opener = RecordedOpener(fixturefile.read(folder))
    process = opener.open_process(opener.only)
    binary = program(process, FileCache())
    assert isinstance(binary, Program)
    told = loaded(process, Budget(process.meter, seconds=60), FileCache(), binary, None)
    assert isinstance(told, Loaded)
    assert told.gaps == []
    assert sorted(m.path for m in told.modules if m.kind == CJS) == truth["cjs"]
    esm = {m.path for m in told.modules if m.kind == ESM} - set(truth["cjs"])
    assert sorted(esm) == truth["esm"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_fixture_gives_the_packages(folder: Path) -> None:
    found = fixture.replay(folder, (NODE,)).findings["node"]
    assert {package.purl for package in found.packages} == PACKAGES
    assert found.coverage is not None
    assert found.coverage.complete
