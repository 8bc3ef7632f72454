"""CAPABILITIES.md says what the code of the archive side has: reasons, identities, bounds."""

from __future__ import annotations

import sensor.resolvers.java
from sensor.resolvers.java import candidates, identity, index, proof, search
from sensor.resolvers.java.archivereasons import Reason
from tests.support.capabilities import Page

PAGE = Page(sensor.resolvers.java)


def test_every_gap_is_explained() -> None:
    said = PAGE.first_cells("What is said when something is not known")
    assert {str(reason) for reason in Reason} <= set(said)


def test_every_identity_is_explained() -> None:
    said = PAGE.first_cells("What an archive is called")
    assert said == [identity.POM, identity.MANIFEST, identity.FILE_NAME]


def test_bounds_are_those_of_the_code() -> None:
    assert f"more than {candidates.MAX_CANDIDATES:,}: the rest is left out" in PAGE
    assert f"{search.MAX_FOLDERS:,} directories" in PAGE
    assert proof.MAX_HASHED == 1 << 30
    assert "more than 1 GiB" in PAGE
    assert index.MAX_DEPTH == 3
    assert "three deep" in PAGE
