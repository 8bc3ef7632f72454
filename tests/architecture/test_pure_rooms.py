"""Resolvers, formats and the model do no I/O: bytes come in through seams, data comes out.

That is what lets a resolver run on a fixture, and later in a process without any capability.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.architecture.sources import imports, module_of, python_files, top_names, tree

if TYPE_CHECKING:
    from pathlib import Path

PURE = ("sensor/formats", "sensor/resolvers", "sensor/model")
# What touches the machine; `asyncio` and `threading` because a resolver is a plain function.
TOUCHING = {
    *("os", "pathlib", "io", "socket", "subprocess", "ctypes", "mmap", "fcntl", "select"),
    *("shutil", "tempfile", "glob", "signal", "asyncio", "threading", "multiprocessing"),
    *("urllib3", "psutil", "logging", "sqlite3", "tarfile"),
}
# The clock comes in through Budget, which is the one pure file that names it.
CLOCK = {"time", "datetime"}
MAY_NAME_THE_CLOCK = {"sensor/model/budget.py"}
OPENING = {"open", "exec", "eval", "__import__", "compile", "input", "print"}
# Not even by way of something else that is imported. `os` and `io` are in every interpreter.
NOT_EVEN_INDIRECTLY = ["socket", "subprocess", "ctypes", "mmap", "asyncio", "multiprocessing"]
# The words of the seam; everything else in sensor.host does I/O.
SEAM = {"sensor.host.seam", "sensor.host.cache"}


@pytest.mark.parametrize("file", python_files(*PURE), ids=str)
def test_a_pure_file_imports_nothing_that_touches_the_machine(file: Path) -> None:
    clock = set() if str(file) in MAY_NAME_THE_CLOCK else CLOCK
    assert not top_names(file) & (TOUCHING | clock)


@pytest.mark.parametrize("file", python_files(*PURE), ids=str)
def test_a_pure_file_opens_and_runs_nothing(file: Path) -> None:
    calls = (node.func for node in ast.walk(tree(file)) if isinstance(node, ast.Call))
    assert not {call.id for call in calls if isinstance(call, ast.Name)} & OPENING


@pytest.mark.parametrize("file", python_files("sensor/resolvers"), ids=str)
def test_a_resolver_knows_only_the_seam_of_the_host(file: Path) -> None:
    hosts = {name for name in imports(file) if name.startswith("sensor.host")}
    assert hosts <= SEAM


def test_importing_the_pure_rooms_brings_no_io_along() -> None:
    modules = [module_of(file) for file in python_files(*PURE)]
    program = (
        "import importlib, json, sys\n"
        f"before = set(sys.modules)\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    )
    brought = set(json.loads(done.stdout))
    assert "sensor.model.finding" in brought
    assert not brought & set(NOT_EVEN_INDIRECTLY)
