"""Recorded Go processes give the facts that were true of them."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from sensor import fixture
from sensor.model.finding import State
from sensor.resolvers.golang import GOLANG
from tests.live.golang.factory import Recipe
from tests.live.golang.test_builds import expected

FIXTURES = Path(__file__).parents[2] / "fixtures" / "golang"
FOLDERS = sorted(FIXTURES.iterdir())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_fixture_gives_the_facts_that_were_recorded(folder: Path) -> None:
    found = fixture.replay(folder, (GOLANG,)).findings["golang"]
    rows = [[p.purl, p.state, p.subpaths, p.aliases, p.reason] for p in found.packages]
    assert orjson.loads(orjson.dumps(rows)) == orjson.loads((folder / "expected.json").read_bytes())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_what_was_recorded_is_what_went_into_the_program(folder: Path) -> None:
    found = fixture.replay(folder, (GOLANG,)).findings["golang"]
    said = {
        p.name: (p.version, p.state.value, p.subpaths or (), p.aliases)
        for p in found.packages
        if p.name != "stdlib"
    }
    assert said == expected(Recipe(folder.name.removeprefix("go-")))
    assert found.coverage is not None
    assert found.coverage.complete
    idle = [p.name for p in found.packages if p.state is State.NOT_OBSERVED]
    assert idle == ["example.test/types"]
