"""Forms of Python processes: several interpreters, a replaced file, no interpreter, Python 2."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sensor.host.cache import FileCache
from sensor.host.local import LocalOpener
from sensor.look import look_until_done
from sensor.resolvers.python import PYTHON
from tests.harness.skips import need
from tests.support.pythons import files, read, target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensor.host.seam import Process
    from sensor.model.finding import Finding
    from sensor.model.process import ProcessKey
    from tests.harness.fixtures import Toolbox

pytestmark = pytest.mark.runtimes


def finding(pid: int) -> Finding:
    opener = LocalOpener()
    return look_until_done(opener, opener.key(pid), [PYTHON], FileCache()).findings["python"]


@pytest.mark.parametrize("version", ["3.8", "3.11", "3.12", "3.13"])
def test_several_interpreters(toolbox: Toolbox, version: str, tmp_path: Path) -> None:
    python = toolbox.python(version).argv
    with target(python, "interpreters.py", str(tmp_path), "colorsys", "sched") as process:
        found = read(process.pid)
    assert found.interpreters == 3
    assert files(found) == process.truth
    assert {"colorsys", "sched"} <= files(found).keys()
    assert found.gaps == []


def test_interpreter_file_replaced_by_an_upgrade(toolbox: Toolbox, tmp_path: Path) -> None:
    python = toolbox.python("3.13t")
    copy = tmp_path / "python3.13t"
    shutil.copy(python.argv[0], copy)
    home = str(Path(python.argv[0]).parents[1])
    with target(("env", f"PYTHONHOME={home}", str(copy)), "truth.py") as process:
        copy.unlink()
        copy.write_bytes(b"another program")
        found = read(process.pid)
    assert files(found) == process.truth


@contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[str]]:
    """A program that waits for the end of its input, once it has said a line."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as popen:
        try:
            assert popen.stdout
            assert popen.stdout.readline()
            yield popen
        finally:
            popen.kill()


class Closed:
    """An opener of processes whose memory may not be read; all else is as it is."""

    def __init__(self) -> None:
        self._opener = LocalOpener()

    def key(self, pid: int) -> ProcessKey:
        return self._opener.key(pid)

    def open_process(self, key: ProcessKey) -> Process:
        process = self._opener.open_process(key)
        process.memory_gap = "closed by the test"
        return process


def test_mapped_extension_modules_where_memory_is_closed(toolbox: Toolbox) -> None:
    python = toolbox.path("python-apps") / "bin" / "python"
    with target((str(python),), "truth.py", "yaml", "requests") as process:
        opener = Closed()
        looked = look_until_done(opener, opener.key(process.pid), [PYTHON], FileCache())
        extension = process.truth["yaml._yaml"]
    found = looked.findings["python"]
    assert [gap.reason for gap in found.gaps] == ["memory not readable"]
    assert found.coverage
    assert not found.coverage.complete
    evidence = {p.name: [(e.kind, e.source, e.path) for e in p.evidence] for p in found.packages}
    assert evidence["PyYAML"] == [("mapping", "maps", extension)]
    assert "requests" not in evidence


WAIT = "import sys; print('ready'); sys.stdout.flush(); sys.stdin.read()"


def test_python_2_is_recognised_and_not_read() -> None:
    python = Path.home() / ".pyenv" / "versions" / "2.7.18" / "bin" / "python2.7"
    need(python.exists(), "no Python 2.7 on this machine", "pyenv install 2.7.18")
    with running(str(python), "-c", WAIT) as popen:
        found = finding(popen.pid)
    assert [gap.reason for gap in found.gaps] == ["Python 2"]
    assert found.coverage
    assert not found.coverage.complete


def test_other_programs_are_not_python() -> None:
    with running("/bin/sh", "-c", "echo ready; cat") as popen:
        opener = LocalOpener()
        with opener.open_process(opener.key(popen.pid)) as process:
            assert not PYTHON.detects(process)


HOST = """
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>
int main(int count, char **words) {
    void *library = dlopen(words[1], RTLD_NOW);
    int (*started)(void) = dlsym(library, "Py_IsInitialized");
    puts(count > 2 && started() ? "started" : "ready");
    fflush(stdout);
    return read(0, words[0], 1);
}
"""


@pytest.mark.parametrize("asked", [False, True])
def test_library_that_is_mapped_without_an_interpreter(
    toolbox: Toolbox, tmp_path: Path, *, asked: bool
) -> None:
    """As in a program that would start Python only for a plug-in."""
    library = Path(toolbox.python("3.9").argv[0]).parents[1] / "lib" / "libpython3.9.so.1.0"
    need(library.exists(), "this Python 3.9 has no shared library", "pyenv, --enable-shared")
    toolbox.path("build-tools")
    source, host = tmp_path / "host.c", tmp_path / "host"
    source.write_text(HOST)
    subprocess.run(["cc", "-o", host, source, "-ldl"], check=True)
    with running(str(host), str(library), *["ask"] * asked) as popen:
        found = finding(popen.pid)
    assert found.packages == ()
    assert found.coverage
    if asked:
        assert found.gaps == ()
        assert found.coverage.how == "CPython is mapped, no interpreter has started"
    else:
        # Nobody has touched _PyRuntime: its page is not there, and is not faulted in by us.
        assert [gap.reason for gap in found.gaps] == ["interpreter memory not present"]
        assert not found.coverage.complete
