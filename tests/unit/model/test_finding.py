"""The rules of truth are held by the words themselves."""

from __future__ import annotations

import pytest

from sensor.model.finding import Depth, Evidence, Package, State

SEEN = (Evidence("mapping", "maps", "/usr/lib/x.so", "7f00-7f10", 1.0),)


def package(**fields: object) -> Package:
    """A package with what the test changes."""
    plain = {"purl": "pkg:pypi/x", "name": "x", "version": None, "runtime": "python"}
    return Package(**{**plain, **fields})  # type: ignore[arg-type]


def test_loaded_needs_evidence() -> None:
    with pytest.raises(ValueError, match="no fact without evidence"):
        package(state=State.LOADED, depth=Depth.LOADED)


def test_not_observed_needs_evidence_too() -> None:
    with pytest.raises(ValueError, match="no fact without evidence"):
        package(state=State.NOT_OBSERVED)


def test_unknown_needs_a_reason() -> None:
    with pytest.raises(ValueError, match="unknown needs a reason"):
        package(state=State.UNKNOWN)


@pytest.mark.parametrize("state", [State.LOADED, State.NOT_OBSERVED])
def test_only_unknown_has_a_reason(state: State) -> None:
    with pytest.raises(ValueError, match="only unknown has a reason"):
        package(state=state, evidence=SEEN, reason="bundled")


def test_depth_belongs_to_loaded_only() -> None:
    with pytest.raises(ValueError, match="go together"):
        package(state=State.NOT_OBSERVED, evidence=SEEN, depth=Depth.OPENED)
    with pytest.raises(ValueError, match="go together"):
        package(state=State.LOADED, evidence=SEEN)


def test_a_package_without_version_says_none() -> None:
    assert package(state=State.UNKNOWN, reason="contained").version is None
