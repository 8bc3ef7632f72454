"""CAPABILITIES.md explains every gap of the mapping, and states the bounds of the code."""

from __future__ import annotations

from sensor.resolvers.python import distributions, match, reasons, site, sites
from tests.unit.python.test_memory_capabilities import PAGE


def test_every_gap_is_explained_and_no_other() -> None:
    said = set(PAGE.first_cells("What is said when a distribution is not known"))
    known = {name: value for name, value in vars(reasons).items() if name.isupper()}
    assert said == {value for value in known.values() if isinstance(value, str)}


def test_bounds_are_those_of_the_code() -> None:
    for bound in (
        match.MAX_MODULES,
        sites.MAX_ROOTS,
        distributions.MAX_CONTESTED,
        site.MAX_DISTS,
        site.MAX_OVERLAPPING,
        site.MAX_GAPS,
    ):
        assert f"more than {bound:,}" in PAGE
