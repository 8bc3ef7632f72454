"""The skip policy and the clock of CI, each run as a small pytest of its own."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PLUGINS = """
pytest_plugins = ("tests.harness.skips", "tests.harness.clock", "tests.harness.times")
"""
MARKERS = "[pytest]\nmarkers =\n    heavy: long\naddopts = -p no:randomly\n"


@pytest.fixture(name="small")
def small_project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Return a project with our hooks, no clock, nothing required and an empty cache."""
    pytester.makeconftest(PLUGINS)
    pytester.makeini(MARKERS)
    monkeypatch.setenv("RUNTIME_SENSOR_TOOLBOX", str(pytester.path / "cache"))
    monkeypatch.delenv("REQUIRE", raising=False)
    monkeypatch.delenv("CI_STARTED", raising=False)
    return pytester


def late_file(small: pytest.Pytester) -> Path:
    return small.path / "cache" / "late.json"


SKIPPING = """
    import pytest
    from tests.harness.skips import Gone, need
    def test_needs(): need(False, "no frob here", "make frob")
    def test_has(): need(True, "no frob here", "make frob")
    def test_gone(): raise Gone("frob 1: sid has it no longer")
    @pytest.mark.skipif(True, reason="plain")
    def test_plain(): pass
    @pytest.mark.xfail(reason="known")
    def test_known(): assert False
"""


def test_a_skip_says_what_provides_the_thing(small: pytest.Pytester) -> None:
    small.makepyfile(SKIPPING)
    result = small.runpytest()
    result.assert_outcomes(passed=1, skipped=3, xfailed=1)
    result.stdout.fnmatch_lines(["*not run, and what provides it*"])
    result.stdout.fnmatch_lines(["   1  no frob here; provided by: make frob"])


def test_with_require_all_only_gone_may_be_skipped(
    small: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUIRE", "all")
    small.makepyfile(SKIPPING)
    result = small.runpytest()
    # A mark skips in the set-up of its test, which pytest counts as an error, not as a failure.
    result.assert_outcomes(passed=1, failed=1, errors=1, skipped=1, xfailed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["   1  gone: frob 1: sid has it no longer"])


def test_with_require_all_a_skipped_module_fails(
    small: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUIRE", "all")
    small.makepyfile("import pytest\npytest.importorskip('no_such_module')\ndef test(): pass")
    result = small.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*REQUIRE=all and *no_such_module*"])


HEAVY = """
    import pytest
    def test_light(): pass
    @pytest.mark.heavy
    def test_heavy(): pass
"""


def test_late_in_ci_no_heavy_test_starts_and_none_fails(
    small: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUIRE", "all")
    monkeypatch.setenv("CI_STARTED", str(time.time() - 71 * 60))
    small.makepyfile(HEAVY)
    result = small.runpytest()
    result.assert_outcomes(passed=1, skipped=1)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*late: *::test_heavy comes first in the next run"])
    (late,) = json.loads(late_file(small).read_text())
    assert late.endswith("::test_heavy")


def test_the_next_run_begins_with_what_was_late(
    small: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_STARTED", str(time.time() - 71 * 60))
    small.makepyfile(HEAVY)
    small.runpytest()
    monkeypatch.setenv("CI_STARTED", str(time.time() - 69 * 60))
    result = small.runpytest("-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*::test_heavy PASSED*", "*::test_light PASSED*"])
    assert json.loads(late_file(small).read_text()) == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_was_late_comes_first_in_any_random_order(small: pytest.Pytester, seed: int) -> None:
    small.makeini(MARKERS.replace("addopts = -p no:randomly", ""))
    names = "".join(f"def test_{letter}(): pass\n" for letter in "abcdefghijkl")
    module = small.makepyfile(names).name
    late_file(small).parent.mkdir()
    late_file(small).write_text(json.dumps([f"{module}::test_h", "gone.py::test_old"]))
    result = small.runpytest("-v", f"--randomly-seed={seed}")
    result.assert_outcomes(passed=12)
    ran = [line.split()[0] for line in result.outlines if "PASSED" in line]
    assert ran[0] == f"{module}::test_h"
    assert ran[1:] != sorted(ran[1:])


def test_late_is_remembered_by_a_run_that_selects_other_tests(
    small: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_STARTED", str(time.time() - 71 * 60))
    small.makepyfile(HEAVY)
    small.runpytest()
    small.runpytest("-k", "light")
    assert len(json.loads(late_file(small).read_text())) == 1


def test_without_a_clock_everything_runs(small: pytest.Pytester) -> None:
    small.makepyfile(HEAVY)
    small.runpytest().assert_outcomes(passed=2)
    assert not late_file(small).exists()


def test_the_minutes_of_each_part_are_printed(small: pytest.Pytester) -> None:
    for name in ("tests/unit/deep/test_a.py", "tests/live/python/test_b.py"):
        path = small.path / name
        path.parent.mkdir(parents=True)
        path.write_text("def test(): pass\n")
    result = small.runpytest("--import-mode=importlib")
    result.assert_outcomes(passed=2)
    lines = [line.split() for line in result.outlines]
    assert ["0.00", "live/python"] in lines
    assert ["0.00", "unit"] in lines
