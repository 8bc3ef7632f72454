"""Recorded processes give the packages that dpkg itself named when they were recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sensor import fixture
from sensor.resolvers.ospkg import OSPKG

FIXTURES = Path(__file__).parents[2] / "fixtures" / "ospkg"
FOLDERS = sorted(FIXTURES.iterdir())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_fixture_gives_what_dpkg_said(folder: Path) -> None:
    found = fixture.replay(folder, (OSPKG,)).findings["os"]
    truth = json.loads((folder / "expected.json").read_bytes())
    purls = {
        f"pkg:deb/debian/{name}@{version.replace('+', '%2B')}?arch={arch}&distro=debian-12"
        for name, version, arch in truth
    }
    assert {package.purl for package in found.packages} == purls
    assert len(purls) >= 8
    assert not found.gaps
    assert found.coverage is not None
    assert found.coverage.complete


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_fixture_tells_nothing_of_the_machine_that_recorded_it(folder: Path) -> None:
    found = fixture.replay(folder, (OSPKG,)).findings["os"]
    paths = {item.path for package in found.packages for item in package.evidence}
    assert all(path.startswith(("/usr/", "/var/lib/dpkg/")) for path in paths)
