"""Recorded Python processes give the same facts, wherever the tests run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sensor.fixture import replay
from sensor.host import fixturefile
from sensor.host.cache import FileCache
from sensor.host.recorded import RecordedOpener
from sensor.model.budget import Budget
from sensor.resolvers.python import PYTHON
from sensor.resolvers.python.locate import Place, locate
from sensor.resolvers.python.progress import Walked
from sensor.resolvers.python.walk import walk
from tests.replay.python.expected import FIXTURES, facts

if TYPE_CHECKING:
    from pathlib import Path

RECORDED = sorted(FIXTURES.iterdir())
# A fixture is for reading in a review too; all of the repository together are below 20 MB.
MAX_BYTES = 300_000


@pytest.mark.parametrize("folder", RECORDED, ids=lambda folder: folder.name)
def test_facts(folder: Path) -> None:
    expected = json.loads((folder / "expected.json").read_text())
    del expected["modules"]
    assert facts(replay(folder, [PYTHON]).findings["python"]) == expected


@pytest.mark.parametrize("folder", RECORDED, ids=lambda folder: folder.name)
def test_modules(folder: Path) -> None:
    """The names and files that the process itself printed."""
    opener = RecordedOpener(fixturefile.read(folder))
    with opener.open_process(opener.only) as process:
        place = locate(process, Budget(process.meter, seconds=60), FileCache())
        assert isinstance(place, Place)
        found = walk(process, Budget(process.meter, seconds=60), place)
    assert isinstance(found, Walked)
    modules = {module.name: module.file for module in found.imported.modules}
    assert modules == json.loads((folder / "expected.json").read_text())["modules"]


@pytest.mark.parametrize("folder", RECORDED, ids=lambda folder: folder.name)
def test_size(folder: Path) -> None:
    assert sum(file.stat().st_size for file in folder.iterdir()) < MAX_BYTES
