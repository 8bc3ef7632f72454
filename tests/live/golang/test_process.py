"""What happens around a live Go process: slices, caches, files that vanish, code mapped later."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import orjson
import pytest

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look
from sensor.model.budget import Budget
from sensor.model.finding import Finding
from sensor.resolvers.golang import GOLANG
from sensor.resolvers.golang.files import CACHE
from tests.live.golang.factory import Recipe
from tests.live.golang.targets import finding, modules, running

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sensor.host.seam import Cache
    from sensor.model.finding import Plain
    from tests.harness.fixtures import Toolbox

pytestmark = pytest.mark.runtimes

PLAIN = Recipe("1.26")


def facts(found: Finding) -> tuple[object, ...]:
    """A finding without what differs between two looks and two processes."""
    rows = [(p.purl, p.state, p.subpaths, p.aliases, p.reason) for p in found.packages]
    return rows, found.gaps, found.coverage and found.coverage.how


def one_slice(pid: int, cache: Cache, memo: Plain, seconds: float) -> Finding:
    """One call of the resolver, as another process would make it: memo and finding by JSON."""
    opener = LocalOpener()
    with opener.open_process(opener.key(pid)) as process:
        assert GOLANG.detects(process)
        budget = Budget(process.meter, seconds=seconds)
        found = GOLANG.resolve(process, budget, cache, orjson.loads(orjson.dumps(memo)))
    return Finding.from_plain(orjson.loads(orjson.dumps(found)))


@pytest.mark.parametrize("bare", [False, True])
def test_any_number_of_slices_gives_the_same_facts(
    toolbox: Toolbox, tmp_path: Path, *, bare: bool
) -> None:
    program = tmp_path / "kubectl"
    data = (toolbox.path("kubectl") / "bin/kubectl").read_bytes()
    if bare:
        data = data[:40] + bytes(8) + data[48:60] + bytes(4) + data[64:]
    program.write_bytes(data)
    program.chmod(0o700)
    with running(program, "config", "view", "--kubeconfig=/dev/stdin") as pid:
        whole = finding(pid)
        cache, memo, slices = FileCache(), None, 0
        found = one_slice(pid, cache, memo, seconds=0)
        while found.more:
            assert found.packages == ()
            slices += 1
            found = one_slice(pid, cache, found.memo, seconds=0)
    assert slices > (10 if bare else 5)
    assert facts(found) == facts(whole)
    assert len(found.packages) == 90


def test_the_second_process_of_a_program_costs_no_second_reading(
    built: Callable[[Recipe], Path],
) -> None:
    cache = FileCache()
    with running(built(PLAIN), says="ready") as one, running(built(PLAIN), says="ready") as two:
        first, second = finding(one, cache), finding(two, cache)
    assert facts(first) == facts(second)
    assert (cache.statistics[CACHE].puts, cache.statistics[CACHE].hits) == (1, 1)


def test_what_a_look_reads_is_known(built: Callable[[Recipe], Path]) -> None:
    opener, cache = LocalOpener(), FileCache()
    with running(built(PLAIN), says="ready") as pid:
        key = opener.key(pid)
        costs = []
        memos = None
        for _ in range(2):
            with opener.open_process(key) as process:
                before = process.meter.bytes, process.meter.calls
                found = GOLANG.resolve(process, Budget(process.meter), cache, memos)
                memos = found.memo
                after = process.meter.bytes, process.meter.calls
            costs.append((after[0] - before[0], after[1] - before[1]))
    # Headers, section names, build information, and 80 KB of function names, each read once.
    assert costs[0][0] < 250_000
    assert costs[0][1] < 60
    # Afterwards neither the file nor the memory is read: only maps, to see what was mapped since.
    assert costs[1][1] <= 2


def test_a_program_that_was_deleted_or_replaced_is_still_the_one_that_runs(
    built: Callable[[Recipe], Path], tmp_path: Path
) -> None:
    program = tmp_path / "app"
    shutil.copy(built(PLAIN), program)
    with running(program, says="ready") as pid:
        before = facts(finding(pid))
        program.unlink()
        assert facts(finding(pid)) == before
        shutil.copy(built(Recipe("1.21")), program)
        assert facts(finding(pid)) == before


def test_a_second_file_of_go_in_a_process_is_read_like_the_first(
    built: Callable[[Recipe], Path], tmp_path: Path
) -> None:
    plugin = tmp_path / "plugin.so"
    shutil.copy(built(Recipe("1.21", ("-buildmode=pie",))), plugin)
    opener, cache = LocalOpener(), FileCache()
    with running(built(PLAIN), plugin, says="ready") as pid:
        alone = finding(pid)
        first = look(opener, opener.key(pid), (GOLANG,), cache)
        again = look(opener, opener.key(pid), (GOLANG,), cache, first.memos)
    assert facts(again.findings["golang"]) == facts(alone)
    standard = [p for p in alone.packages if p.name == "stdlib"]
    assert {p.version for p in standard} == {"1.26.8", "1.21.13"}
    paths = {p.version: {e.path for e in p.evidence} for p in standard}
    assert paths == {"1.26.8": {str(built(PLAIN))}, "1.21.13": {str(plugin)}}
    assert alone.coverage is not None
    assert alone.coverage.complete


def test_a_program_that_is_not_go_is_not_ours_and_the_file_is_looked_at_once() -> None:
    opener, cache, memos = LocalOpener(), FileCache(), None
    with running("cat") as pid:
        for _ in range(2):
            looked = look(opener, opener.key(pid), (GOLANG,), cache, memos)
            assert looked.findings == {}
            memos = looked.memos
    assert (cache.statistics[CACHE].puts, cache.statistics[CACHE].hits) == (1, 0)


def test_modules_do_not_depend_on_who_maps_the_file(built: Callable[[Recipe], Path]) -> None:
    with running(built(PLAIN), says="ready") as pid:
        found = finding(pid)
    evidence = {e.kind: e for package in found.packages for e in package.evidence}
    assert set(evidence) == {"mapping", "pclntab", "buildinfo"}
    assert {e.path for e in evidence.values()} == {str(built(PLAIN))}
    assert "example.test/used" in modules(found)
