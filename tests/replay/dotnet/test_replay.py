"""Recorded .NET processes give the facts that were true of them."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from sensor import fixture
from sensor.model.seen import Outcome, Seen
from sensor.report import facts
from sensor.resolvers.dotnet import DOTNET
from tests.support import schema

FIXTURES = Path(__file__).parents[2] / "fixtures" / "dotnet"
FOLDERS = sorted(FIXTURES.iterdir())
RUNTIMES = [folder for folder in FOLDERS if folder.name.startswith("dotnet-")]
EXACT = ("loaded", "deps.json", ())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_fixture_gives_the_facts_that_were_recorded(folder: Path) -> None:
    found = fixture.replay(folder, (DOTNET,)).findings["dotnet"]
    rows = [[p.purl, p.state, p.depth, p.identity, p.inferred, p.aliases] for p in found.packages]
    assert orjson.loads(orjson.dumps(rows)) == orjson.loads((folder / "expected.json").read_bytes())
    assert found.coverage
    assert found.coverage.complete


@pytest.mark.parametrize("folder", RUNTIMES, ids=lambda folder: folder.name)
def test_what_was_recorded_is_what_was_loaded(folder: Path) -> None:
    found = fixture.replay(folder, (DOTNET,)).findings["dotnet"]
    said = {p.purl: (p.depth, p.identity, p.inferred) for p in found.packages}
    runtime = next(purl for purl in said if "NETCore" in purl)
    assert said == {
        runtime: ("loaded", "framework", ()),
        "pkg:nuget/Newtonsoft.Json@10.0.3": EXACT,
        "pkg:nuget/YamlDotNet@9.1.4": EXACT,
        # Out of a folder without a manifest.
        "pkg:nuget/Polly@7.2.1": ("loaded", "assembly", ("version",)),
    }
    assert runtime.partition("@")[2].startswith(folder.name.removeprefix("dotnet-"))
    assert found.gaps == ()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_what_is_told_fits_the_schema(folder: Path) -> None:
    found = fixture.replay(folder, (DOTNET,)).findings
    lines = list(facts.lines(Seen(1, 1, Outcome.READ, findings=found)))
    assert {line["type"] for line in lines} >= {"package", "coverage"}
    for line in lines:
        schema.check(orjson.loads(facts.dumps(line)))
