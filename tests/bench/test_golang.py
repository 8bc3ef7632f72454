"""What the Go resolver costs: medians beside their goals; asserted is only what repeats itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look, look_until_done
from sensor.model.budget import Budget
from sensor.resolvers.golang import GOLANG
from tests.live.golang.targets import running
from tests.support.measure import median

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.harness.fixtures import Toolbox

pytestmark = [pytest.mark.bench, pytest.mark.runtimes]
# The real program of 91 MB and 88,000 functions.
PROGRAM = "hugo"


@pytest.fixture
def pid(toolbox: Toolbox, tmp_path: Path) -> Iterator[int]:
    (tmp_path / "hugo.toml").write_text('title = "Empty"\n')
    program = toolbox.path(PROGRAM) / "bin/hugo"
    with running(program, "server", "--bind=127.0.0.1", "--port=0", f"--source={tmp_path}") as pid:
        yield pid


def test_a_program_of_91_megabytes(pid: int) -> None:
    opener = LocalOpener()
    key = opener.key(pid)
    warm = FileCache()
    first = look_until_done(opener, key, (GOLANG,), warm)
    assert len(first.findings["golang"].packages) == 174
    median("hugo, first look", 400, lambda: look_until_done(opener, key, (GOLANG,), FileCache()))
    median("hugo, second process", 5, lambda: look(opener, key, (GOLANG,), warm))
    median("hugo, looked at again", 5, lambda: look(opener, key, (GOLANG,), warm, first.memos))


def test_what_is_read_of_it(pid: int) -> None:
    opener, cache = LocalOpener(), FileCache()
    costs = []
    memo = None
    for _ in range(2):
        with opener.open_process(opener.key(pid)) as process:
            process.maps()
            before = process.meter.bytes, process.meter.calls
            budget = Budget(process.meter, seconds=60)
            memo = GOLANG.resolve(process, budget, cache, memo).memo
            costs.append((process.meter.bytes - before[0], process.meter.calls - before[1]))
    # The names alone are 7.3 MB; of the other 84 MB of the file next to nothing is read.
    assert 7_000_000 < costs[0][0] < 8_000_000
    assert costs[0][1] < 60
    assert costs[1] == (0, 0)
