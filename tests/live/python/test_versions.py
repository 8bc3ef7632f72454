"""sys.modules of every CPython, against what the process itself says: precision and recall 1.0."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from sensor.resolvers.python import locate, runtime
from sensor.resolvers.python.opened import Opened, in_memory, opened
from tests.support.pythons import STANDARD, files, read, target
from tests.toolbox import FREE_THREADED, NATIVE_PYTHONS, ROOT_PYTHONS

if TYPE_CHECKING:
    from sensor.host.seam import Cache, Process
    from sensor.resolvers.python.detect import Candidate
    from tests.harness.fixtures import Toolbox

VERSIONS = (*NATIVE_PYTHONS, *ROOT_PYTHONS, *FREE_THREADED)
TABLED = NATIVE_PYTHONS[1:-1]
pytestmark = pytest.mark.runtimes


@pytest.mark.parametrize("version", VERSIONS)
def test_all_modules_and_files(toolbox: Toolbox, version: str) -> None:
    with target(toolbox.python(version).argv, "truth.py", *STANDARD) as process:
        found = read(process.pid)
    assert files(found) == process.truth
    assert found.imported.version == process.said["version"]
    assert found.imported.stdlib == (process.truth["os"] or "").rpartition("/")[0]
    assert found.gaps == []
    assert found.interpreters == 1


def test_modules_that_are_imported_later(toolbox: Toolbox) -> None:
    with target(toolbox.python("3.11").argv, "truth.py") as process:
        before = files(read(process.pid))
        process.tell("import decimal")
        after = files(read(process.pid))
    assert "decimal" not in before
    assert after == process.truth


@pytest.mark.parametrize("version", TABLED)
def test_offsets_that_no_table_has(
    toolbox: Toolbox, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "known", lambda _: [])
    with target(toolbox.python(version).argv, "truth.py", *STANDARD) as process:
        assert files(read(process.pid)) == process.truth


@pytest.mark.parametrize("version", ["3.6", *TABLED])
def test_no_symbols_at_all(toolbox: Toolbox, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _without_symbols(monkeypatch)
    with target(toolbox.python(version).argv, "truth.py", *STANDARD) as process:
        assert files(read(process.pid)) == process.truth


@pytest.mark.parametrize("version", ["3.13", "3.14", "3.15", "3.13t"])
def test_only_the_cookie(toolbox: Toolbox, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after an upgrade of the file: it cannot be opened, and memory alone must do."""

    def refused(process: Process, candidate: Candidate, cache: Cache) -> Opened:
        del cache
        return Opened(candidate, None, in_memory(process, candidate), why="replaced")

    monkeypatch.setattr(locate, "opened", refused)
    with target(toolbox.python(version).argv, "truth.py", *STANDARD) as process:
        assert files(read(process.pid)) == process.truth


def _without_symbols(monkeypatch: pytest.MonkeyPatch) -> None:
    def stripped(process: Process, candidate: Candidate, cache: Cache) -> Opened:
        file = opened(process, candidate, cache)
        assert file.anchors
        bare = file.anchors._replace(runtime=None, head=None, minor=None, debug=None)
        return replace(file, anchors=bare)

    monkeypatch.setattr(locate, "opened", stripped)
