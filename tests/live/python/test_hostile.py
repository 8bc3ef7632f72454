"""Processes that lie, change all the time or become another program: a gap, never a wrong fact."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look, look_until_done
from sensor.resolvers.python import PYTHON
from sensor.resolvers.python.locate import NotFound
from sensor.resolvers.python.progress import CHANGING
from tests.support.pythons import PROGRAMS, placed, target, walked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.look import Look
    from sensor.model.file import FileId
    from sensor.model.finding import Finding, Plain
    from tests.harness.fixtures import Toolbox

pytestmark = pytest.mark.runtimes
# CPU seconds that no lie may cost: 0.1 to 0.7 were measured; here a runaway is told, not a slow
# machine.
MAX_SECONDS = 10.0
# Looks at the process that changes without pause.
LOOKS = 20


@contextmanager
def started(program: str, *arguments: str, python: str) -> Iterator[subprocess.Popen[str]]:
    """A program of `programs/` by a bare interpreter, once it has said its first line."""
    command = [python, "-I", "-S", str(PROGRAMS / program), *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as popen:
        try:
            assert popen.stdout
            assert popen.stdout.readline(), f"{command} ended"
            yield popen
        finally:
            popen.kill()


def look_at(pid: int, cache: FileCache | None = None) -> Look:
    opener = LocalOpener()
    return look_until_done(opener, opener.key(pid), [PYTHON], cache or FileCache())


def lie(toolbox: Toolbox, what: str) -> Finding:
    """The finding about a process with this lie; bounded in CPU, and next to nothing again."""
    opener = LocalOpener()
    with started("lies.py", what, python=toolbox.python("3.11").argv[0]) as popen:
        cache = FileCache()
        begin = time.process_time()
        found = look_at(popen.pid, cache)
        assert time.process_time() - begin < MAX_SECONDS
        again = look(opener, opener.key(popen.pid), [PYTHON], cache, found.memos)
    assert again.findings["python"].packages == found.findings["python"].packages
    return found.findings["python"]


@pytest.mark.parametrize("what", ["entries", "usable", "size", "used", "keys"])
def test_impossible_counts_and_pointers(toolbox: Toolbox, what: str) -> None:
    finding = lie(toolbox, what)
    assert [gap.reason for gap in finding.gaps] == ["interpreter not found"]
    assert finding.packages == ()
    assert finding.coverage
    assert not finding.coverage.complete


def test_interpreter_list_with_a_loop(toolbox: Toolbox) -> None:
    coverage = lie(toolbox, "cycle").coverage
    assert coverage
    assert coverage.how.startswith("CPython 3.11")
    assert "1 interpreter" in coverage.how


def test_runtime_that_points_nowhere(toolbox: Toolbox) -> None:
    finding = lie(toolbox, "nowhere")
    assert [gap.reason for gap in finding.gaps] == ["interpreter memory not present"]


def test_runtime_that_points_at_itself_is_found_another_way(toolbox: Toolbox) -> None:
    coverage = lie(toolbox, "runtime").coverage
    assert coverage
    assert coverage.how.endswith("by calibration")


def test_twenty_thousand_modules_of_one_false_file(toolbox: Toolbox) -> None:
    finding = lie(toolbox, "fake")
    assert finding.packages == ()
    assert finding.coverage
    assert finding.coverage.how.startswith("CPython 3.11")


def test_texts_that_no_report_can_carry(toolbox: Toolbox) -> None:
    reasons = {gap.reason: gap.detail for gap in lie(toolbox, "longest").gaps}
    assert reasons == {
        "module attributes not readable": "longest, odd",
        "module name not readable": "1",
        "module object not readable": "number",
    }


def test_a_lie_does_not_hide_the_honest_of_the_same_file(toolbox: Toolbox) -> None:
    cache = FileCache()
    python = toolbox.python("3.11").argv[0]
    for _ in range(4):
        with started("lies.py", "used", python=python) as popen:
            look_at(popen.pid, cache)
    with target((python,), "truth.py") as honest:
        coverage = look_at(honest.pid, cache).findings["python"].coverage
    assert coverage
    assert coverage.complete


def test_endless_change_is_never_garbage() -> None:
    answers = 0
    with started("churn.py", python=sys.executable) as popen:
        for _ in range(LOOKS):
            place = placed(popen.pid)
            if isinstance(place, NotFound):
                assert place.reason == CHANGING
                continue
            found = walked(popen.pid, place)
            reasons = {reason for reason, _ in found.gaps}
            assert reasons <= {CHANGING}
            # When two readings agree on nothing, that is said and nothing is.
            names = {m.name for m in found.imported.modules}
            assert names >= {"sys", "builtins", "zipimport"} or (reasons and not names)
            churned = [m for m in found.imported.modules if m.name.startswith("churn")]
            wrong = [m for m in churned if m.file not in {None, f"/churn/{m.name}.py"}]
            assert wrong == []
            answers += bool(names)
    assert answers


class ExecAfterTheFile(FileCache):
    """A cache that makes the process become another program when its file has been read."""

    def __init__(self, popen: subprocess.Popen[str]) -> None:
        super().__init__()
        self._popen = popen

    def put(self, kind: str, file: FileId, value: Plain) -> None:
        super().put(kind, file, value)
        assert self._popen.stdin
        assert self._popen.stdout
        if kind.startswith("python.anchors"):
            self._popen.stdin.write("exec\n")
            self._popen.stdin.flush()
            assert self._popen.stdout.readline() == "other\n"


def test_exec_in_the_middle_of_a_look() -> None:
    with started("become.py", python=sys.executable) as popen:
        found = look_at(popen.pid, ExecAfterTheFile(popen))
    assert found.gone
    assert found.findings == {}
