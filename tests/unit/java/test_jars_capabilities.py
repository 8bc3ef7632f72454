"""CAPABILITIES.md says what the code of the archive side has: reasons, identities, bounds."""

from __future__ import annotations

from pathlib import Path

import sensor.resolvers.java
from sensor.resolvers.java import candidates, identity, index, proof, search
from sensor.resolvers.java.archivereasons import Reason

PAGE = Path(sensor.resolvers.java.__file__).with_name("CAPABILITIES.md").read_text()


def first_cells(heading: str) -> list[str]:
    """The first cells of the table below a heading, without its first two lines."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [line.strip("|").split("|")[0].strip().strip("`") for line in lines[2:]]


def test_every_gap_is_explained() -> None:
    said = first_cells("What is said when something is not known")
    assert {str(reason) for reason in Reason} <= set(said)


def test_every_identity_is_explained() -> None:
    said = [cell.strip("`") for cell in first_cells("What an archive is called")]
    assert said == [identity.POM, identity.MANIFEST, identity.FILE_NAME]


def test_bounds_are_those_of_the_code() -> None:
    assert f"more than {candidates.MAX_CANDIDATES:,}: the rest is left out" in PAGE
    assert f"{search.MAX_FOLDERS:,} directories" in PAGE
    assert proof.MAX_HASHED == 1 << 30
    assert "more than 1 GiB" in PAGE
    assert index.MAX_DEPTH == 3
    assert "three deep" in PAGE
