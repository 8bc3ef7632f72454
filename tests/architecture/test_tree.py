"""The shape of the tree: what may lie at the top, how long a file may be, what is never written."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, SHIPPED, python_files, tracked, tree

TOP = {
    *("sensor", "probes", "ebpf_prebuilt", "chart", "tests", "docs", ".ci"),
    *("setup.cfg", "pyproject.toml", "ruff.toml", "Makefile", "Dockerfile", ".gitignore"),
    *(".dockerignore", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE"),
}
# A longer file usually holds two jobs.
MOST_LINES = 500
FIXTURES = Path("tests/fixtures")
# Recorded memory of small programs: all of it must stay small enough to clone with pleasure.
MOST_FIXTURE_BYTES = 20 * 1000 * 1000
# The host of a package registry: mirrors are read from the machine's own settings.
REGISTRY = re.compile(
    r"https?://[^ /]*(debian|pypi|pythonhosted|npmjs|golang|maven|crates)", re.IGNORECASE
)
# A folder that tools make in the home of whoever runs this: a path of one machine.
HOME = re.compile(rf"{re.escape(str(Path.home()))}/\.(pyenv|cache|config|cargo|local)\b")
# /proc/PID/environ is never read, so its name is never needed.
ENVIRONMENT = re.compile(r"\benviron\b")
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX|NotImplemented" + r"Error)\b")


def texts() -> list[Path]:
    """Return the tracked files that people write."""
    return [file for file in tracked() if not file.is_relative_to(FIXTURES)]


def is_text(file: Path) -> bool:
    return b"\0" not in (ROOT / file).read_bytes()[:8000]


def offenders(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for file in filter(is_text, texts()):
        lines = (ROOT / file).read_text(errors="replace").splitlines()
        found += [f"{file}:{i}" for i, line in enumerate(lines, 1) if pattern.search(line)]
    return found


def test_only_known_entries_lie_at_the_top() -> None:
    assert {file.parts[0] for file in tracked()} <= TOP


def test_no_file_is_so_long_that_it_holds_two_jobs() -> None:
    lengths = Counter(
        {
            str(file): (ROOT / file).read_text().count("\n")
            for file in python_files(*SHIPPED, "tests")
        }
    )
    assert not {name: lines for name, lines in lengths.items() if lines > MOST_LINES}


def test_there_is_no_empty_room() -> None:
    """A package holds something besides an `__init__.py` that says nothing."""
    packages = [file for file in python_files(*SHIPPED) if file.name == "__init__.py"]
    empty = [
        str(package)
        for package in packages
        if len(tree(package).body) <= 1
        and not any(
            other != package and package.parent in other.parents for other in python_files(*SHIPPED)
        )
    ]
    assert not empty


def test_no_registry_host_is_written_down() -> None:
    assert not offenders(REGISTRY)


def test_no_path_of_one_machine_is_written_down() -> None:
    here = re.compile(re.escape(f"{ROOT}/"))
    assert not offenders(HOME)
    assert not offenders(here)


def test_nothing_is_left_unfinished() -> None:
    assert not offenders(UNFINISHED)


@pytest.mark.parametrize("file", python_files(*SHIPPED), ids=str)
def test_no_file_names_the_environment_of_a_process(file: Path) -> None:
    strings = (node.value for node in ast.walk(tree(file)) if isinstance(node, ast.Constant))
    assert not [text for text in strings if isinstance(text, str) and ENVIRONMENT.search(text)]


def test_every_resolver_says_what_it_can_and_cannot_see() -> None:
    room = Path("sensor/resolvers")
    folders = {file.parent for file in python_files(str(room))} - {room}
    pages = (folder / "CAPABILITIES.md" for folder in folders)
    assert not [str(page) for page in pages if not (ROOT / page).exists()]


def test_all_fixtures_together_are_small() -> None:
    sizes = [(ROOT / file).stat().st_size for file in tracked() if file.is_relative_to(FIXTURES)]
    assert sum(sizes) <= MOST_FIXTURE_BYTES
