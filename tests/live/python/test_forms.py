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
#include <string.h>
#include <unistd.h>
int main(int count, char **words) {
    void *library = dlopen(words[1], RTLD_NOW);
    int (*started)(void) = dlsym(library, "Py_IsInitialized");
    void (*start)(int) = dlsym(library, "Py_InitializeEx");
    int (*run)(const char *) = dlsym(library, "PyRun_SimpleString");
    if (!strcmp(words[2], "start")) {
        start(0);
        if (run("import colorsys")) return 1;
    }
    if (!strcmp(words[2], "ask") && started()) return 1;
    puts("ready");
    fflush(stdout);
    return read(0, words[0], 1);
}
"""


@pytest.fixture
def embedding(toolbox: Toolbox, tmp_path: Path) -> tuple[str, ...]:
    """The command of a C program that has Python 3.9 as a plug-in; its last word is still open."""
    prefix = Path(toolbox.python("3.9").argv[0]).parents[1]
    library = prefix / "lib" / "libpython3.9.so.1.0"
    need(library.exists(), "this Python 3.9 has no shared library", "pyenv, --enable-shared")
    toolbox.path("build-tools")
    source, host = tmp_path / "host.c", tmp_path / "host"
    source.write_text(HOST)
    subprocess.run(["cc", "-o", host, source, "-ldl"], check=True)
    return ("env", f"PYTHONHOME={prefix}", str(host), str(library))


def test_embedded_interpreter(embedding: tuple[str, ...]) -> None:
    with running(*embedding, "start") as popen:
        found = read(popen.pid)
    assert {"sys", "os", "colorsys", "__main__"} <= files(found).keys()
    assert found.gaps == []


def test_library_that_nobody_has_asked(embedding: tuple[str, ...]) -> None:
    """The page of _PyRuntime is not there, and is not faulted in by us."""
    with running(*embedding, "nothing") as popen:
        found = finding(popen.pid)
    assert found.packages == ()
    assert [gap.reason for gap in found.gaps] == ["interpreter memory not present"]
    assert found.coverage
    assert not found.coverage.complete


def test_library_without_an_interpreter(embedding: tuple[str, ...]) -> None:
    with running(*embedding, "ask") as popen:
        found = finding(popen.pid)
    assert found.packages == ()
    assert found.gaps == ()
    assert found.coverage
    assert found.coverage.how == "CPython is mapped, no interpreter has started"


def test_stripped_static_interpreter(toolbox: Toolbox, tmp_path: Path) -> None:
    toolbox.path("elf-tools")
    program = Path(toolbox.python("3.13t").argv[0])
    bare = tmp_path / "python3.13t"
    subprocess.run(["strip", "-s", "-o", bare, program], check=True)
    home = f"PYTHONHOME={program.parents[1]}"
    with target(("env", home, str(bare)), "truth.py", "json") as process:
        assert files(read(process.pid)) == process.truth


def test_frozen_program_has_no_distributions(toolbox: Toolbox) -> None:
    """What PyInstaller and its like leave: sys.frozen, and names of files that are not there."""
    python = toolbox.path("python-apps") / "bin" / "python"
    frozen = "import sys; sys.frozen = True; " + WAIT
    with running(str(python), "-c", frozen) as popen:
        found = finding(popen.pid)
    assert "frozen program: distributions and versions are not known" in {
        gap.reason for gap in found.gaps
    }
    assert found.coverage
    assert not found.coverage.complete
