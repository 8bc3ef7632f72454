"""Modules that come and go without pause, with collections of garbage: never a wrong fact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sensor.host.cache import FileCache
from sensor.resolvers.node.reasons import (
    CACHE_MISSING,
    CACHE_TORN,
    ESM_IDLE,
    ISOLATE_UNKNOWN,
    NAME_UNREADABLE,
)
from tests.support.nodes import flags, once, target

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.fixtures import Toolbox

pytestmark = pytest.mark.runtimes
# Node.js 10 makes an ES module for each CommonJS one: of those that left the cache it is not known.
HONEST = {CACHE_MISSING, CACHE_TORN, ESM_IDLE, ISOLATE_UNKNOWN, NAME_UNREADABLE}
LOOKS = 5


@pytest.mark.parametrize("version", ["10", "26"])
def test_every_module_that_is_told_was_loaded(
    toolbox: Toolbox, tmp_path: Path, version: str
) -> None:
    node = toolbox.path(f"node-{version}") / "bin" / "node"
    with target([str(node), *flags(version)], tmp_path) as process:
        possible = process.cjs | {f"{tmp_path}/many/m{number}.js" for number in range(400)}
        process.begin(f"churn {tmp_path}")
        cache = FileCache()
        told = [once(process.pid, cache) for _ in range(LOOKS)]
    for each in told:
        assert {module.path for module in each.modules} <= possible
        assert {reason for reason, _ in each.gaps} <= HONEST
    assert all(each.modules or each.gaps for each in told)
