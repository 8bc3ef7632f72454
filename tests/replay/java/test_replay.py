"""Recorded JVMs give the facts that were true of them, and the classes that the program has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from sensor import fixture
from sensor.host import fixturefile
from sensor.host.cache import FileCache
from sensor.host.recorded import RecordedOpener
from sensor.model.budget import Budget
from sensor.resolvers.java import JAVA, classes
from sensor.resolvers.java.detect import hotspot
from sensor.resolvers.java.graph import calibrated
from sensor.resolvers.java.library import opened
from sensor.resolvers.java.memory import Memory
from tests.live.java.test_versions import check_small
from tests.replay.java.expected import EXPECTED, FIXTURES, words

if TYPE_CHECKING:
    from pathlib import Path

FOLDERS = sorted(FIXTURES.iterdir())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_fixture_gives_the_facts_that_were_recorded(folder: Path) -> None:
    said = words(fixture.replay(folder, (JAVA,)).findings["java"])
    assert orjson.loads(orjson.dumps(said)) == orjson.loads((folder / EXPECTED).read_bytes())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_fixture_has_the_classes_of_the_program(folder: Path) -> None:
    opener = RecordedOpener(fixturefile.read(folder))
    with opener.open_process(opener.only) as process, Memory(process) as memory:
        mapping = hotspot(process)
        assert mapping
        library = calibrated(memory, opened(process, memory, mapping, FileCache()))
        state = classes.begun(memory, library)
        after = classes.gone_on(memory, library, Budget(process.meter, seconds=60), state)
    assert after
    found = classes.classes_of(after)
    check_small(found)
    assert found.told == []
    assert found.total == found.counted
