"""CAPABILITIES.md explains every gap of the mapping to packages, and states its bounds."""

from __future__ import annotations

import sensor.resolvers.node
from sensor.formats import jsbundle, packagejson
from sensor.resolvers.node import application, packages, places, told
from sensor.resolvers.node import packagejson as manifests
from tests.support.capabilities import Page

PAGE = Page(sensor.resolvers.node)
MIB = 1 << 20


def test_every_gap_is_explained_and_no_other() -> None:
    said = set(PAGE.first_cells("What is said when a package is not known"))
    names = set(vars(told)) - {"RUNTIME"}
    reasons = {getattr(told, name) for name in names if name.isupper()}
    assert said == {reason for reason in reasons if isinstance(reason, str)}


def test_bounds_are_those_of_the_code() -> None:
    for bound in (packages.MAX_MODULES, packages.MAX_FOLDERS, application.MAX_OWN):
        assert f"more than {bound:,}" in PAGE
    for size in (jsbundle.MAX_BYTES, packagejson.MAX_BYTES):
        assert f"larger than {size // MIB} MiB" in PAGE
    assert f"more than {manifests.MAX_ENTRIES:,} files" in PAGE
    assert f"longer than {places.MAX_PATH:,} bytes" in PAGE
    assert f"deeper than {places.MAX_DEPTH} folders" in PAGE
