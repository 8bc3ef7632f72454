"""What a newcomer types: the choice of Python, a missing venv module, and the installed wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.architecture.sources import ROOT, SHIPPED, tracked
from tests.harness.skips import need

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_PYTHON, NO_VENV = 3, 4


@pytest.fixture(scope="module", name="clone")
def fresh_clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the files that git tracks, without .venv and caches."""
    clone = tmp_path_factory.mktemp("fresh") / "runtime-sensor"
    for file in tracked():
        (clone / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, clone / file)
    return clone


def script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def venv(clone: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run .ci/venv in the clone with nothing but these programs and the most basic ones."""
    shutil.rmtree(clone / ".venv", ignore_errors=True)
    return subprocess.run(
        [clone / ".ci/venv", "core"], env=dict(env), capture_output=True, text=True, check=False
    )


def basic(folder: Path) -> Path:
    """Return a bin folder with what the script itself needs, and no Python."""
    folder.mkdir()
    for name in ("sh", "dirname", "id", "rm", "touch"):
        (folder / name).symlink_to(str(shutil.which(name)))
    return folder


def without_venv_module(folder: Path) -> None:
    """Put a Python 3.11 there that has no ensurepip, as a bare Debian has it."""
    check = f'case "$*" in *ensurepip*) exit 1 ;; esac\nexec {sys.executable} "$@"'
    script(folder / "python3", check)


def test_without_any_python_it_says_so_in_one_line(clone: Path, tmp_path: Path) -> None:
    done = venv(clone, {"PATH": str(basic(tmp_path / "bin"))})
    assert done.returncode == NO_PYTHON
    assert done.stderr.count("\n") == 1
    assert "no Python 3.11 or newer" in done.stderr


def test_an_old_python_is_passed_over_and_named_when_it_was_asked_for(
    clone: Path, tmp_path: Path
) -> None:
    folder = basic(tmp_path / "bin")
    script(folder / "python3", "exit 1")
    assert venv(clone, {"PATH": str(folder)}).returncode == NO_PYTHON
    done = venv(clone, {"PATH": str(folder), "PYTHON": "python3"})
    assert done.returncode == NO_PYTHON
    assert "PYTHON=python3 is not a Python 3.11 or newer" in done.stderr


def test_an_ordinary_user_without_venv_is_told_the_line_to_type(
    clone: Path, tmp_path: Path
) -> None:
    folder = basic(tmp_path / "bin")
    without_venv_module(folder)
    script(folder / "apt-get", "exit 99")
    (folder / "id").unlink()
    script(folder / "id", "echo 1000")
    done = venv(clone, {"PATH": str(folder)})
    assert done.returncode == NO_VENV
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    line = f"sudo apt-get install -y --no-install-recommends python{version}-venv"
    assert done.stderr.rstrip().endswith(line)


def test_root_without_venv_installs_that_one_package_and_says_so(
    clone: Path, tmp_path: Path
) -> None:
    folder = basic(tmp_path / "bin")
    without_venv_module(folder)
    (folder / "id").unlink()
    script(folder / "id", "echo 0")
    # A stand-in: it notes what was asked for, and fails until the lists were updated.
    script(
        folder / "apt-get",
        f'echo "$*" >> {tmp_path}/asked\n[ -e {tmp_path}/lists ] && exit 1\n'
        f'[ "$1" = update ] && : > {tmp_path}/lists\nexit 1',
    )
    done = venv(clone, {"PATH": str(folder)})
    asked = (tmp_path / "asked").read_text().splitlines()
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    assert asked[0] == f"install -y --no-install-recommends {package}"
    assert asked[1].startswith("update")
    assert f"installing the package {package}" in done.stderr
    assert done.returncode == NO_VENV
    assert done.stderr.rstrip().endswith(f"type: apt-get {asked[0]}")


def test_without_apt_it_says_what_is_missing(clone: Path, tmp_path: Path) -> None:
    folder = basic(tmp_path / "bin")
    without_venv_module(folder)
    done = venv(clone, {"PATH": str(folder)})
    assert done.returncode == NO_VENV
    assert "no venv module" in done.stderr


def test_help_lists_every_target(clone: Path) -> None:
    done = subprocess.run(["make"], cwd=clone, capture_output=True, text=True, check=True)
    for target in ("scan", "demo", "test", "test-fast", "test-runtimes", "toolbox", "lint"):
        assert f"make {target} " in done.stdout


def ci(clone: Path, folder: Path, failing: str) -> subprocess.CompletedProcess[str]:
    """Run .ci/run with a make that only prints what it was asked for, and fails for one target."""
    script(folder / "make", f'echo "make $* REQUIRE=$REQUIRE $CI_STARTED"\n[ "$1" != {failing} ]')
    env = dict(os.environ, PATH=f"{folder}:{os.environ['PATH']}", ARGS="-k one", CI_STARTED="7")
    command = ["bash", str(clone / ".ci/run")]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_ci_fetches_then_lints_then_tests_and_requires_all(clone: Path, tmp_path: Path) -> None:
    done = ci(clone, tmp_path / "bin", failing="nothing")
    assert done.returncode == 0
    assert [line for line in done.stdout.splitlines() if line.startswith("make ")] == [
        "make .venv/.test REQUIRE=all 7",
        "make toolbox ARGS= REQUIRE=all 7",
        "make lint REQUIRE=all 7",
        "make test ARGS=-k one REQUIRE=all 7",
    ]


@pytest.mark.parametrize("part", ["toolbox", "lint", "test"])
def test_ci_fails_with_any_part_and_still_runs_the_others(
    clone: Path, tmp_path: Path, part: str
) -> None:
    done = ci(clone, tmp_path / "bin", failing=part)
    assert done.returncode == 1
    assert "\nmake test " in done.stdout
    assert done.stdout.splitlines()[-1].startswith(f"failed: {part}")


@pytest.mark.heavy
@pytest.mark.timeout(600)
def test_make_scan_in_a_fresh_clone(clone: Path) -> None:
    """The first command of the README, twice: the second time nothing is installed."""
    shutil.rmtree(clone / ".venv", ignore_errors=True)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as target:
        command = ["make", "scan", f"ARGS=--pid {target.pid} --format ndjson"]
        first = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=True)
        second = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=True)
        target.communicate(b"\n")
    assert "making .venv" in first.stderr
    assert '"type":"summary"' in first.stdout
    assert ".venv" not in second.stderr
    assert '"type":"summary"' in second.stdout


@pytest.mark.heavy
@pytest.mark.timeout(600)
def test_the_wheel_works_without_the_checkout(clone: Path, tmp_path: Path) -> None:
    wheel = build_wheel(clone, tmp_path)
    python = install(wheel, tmp_path / "elsewhere")
    command = str(python.parent / "runtime-sensor")
    done = subprocess.run(
        [command, "--help"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "scan" in done.stdout
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as target:
        scan = [command, "scan", "--pid", str(target.pid), "--format", "ndjson"]
        done = subprocess.run(scan, cwd=tmp_path, capture_output=True, text=True, check=True)
        target.communicate(b"\n")
    assert '"type":"summary"' in done.stdout
    where = [str(python), "-c", "import sensor; print(sensor.__file__)"]
    done = subprocess.run(where, cwd=tmp_path, capture_output=True, text=True, check=True)
    installed = Path(done.stdout.strip()).parent
    assert installed.is_relative_to(tmp_path / "elsewhere")
    missing = [file for file in shipped() if not (installed.parent / file).is_file()]
    assert missing == []


def shipped() -> list[Path]:
    """Return what the wheel must hold: all of the packages but the C sources and their Makefile."""
    files = [file for file in tracked() if file.parts[0] in SHIPPED]
    return [file for file in files if file.suffix not in {".c", ".h", ""}]


def build_wheel(clone: Path, tmp_path: Path) -> Path:
    need(pip_works(tmp_path), "no package index is reached", "a network")
    out = tmp_path / "dist"
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(out), str(clone)]
    subprocess.run(command, capture_output=True, check=True)
    (wheel,) = out.glob("runtime_sensor-*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> Path:
    """Return the Python of a new environment with nothing but the wheel and what it needs."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    quick = ["--quiet", "--no-compile"]
    subprocess.run([python, "-m", "pip", "install", *quick, wheel], check=True)
    return python


def pip_works(tmp_path: Path) -> bool:
    ask = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "orjson"]
    done = subprocess.run(
        [*ask, "--dest", tmp_path / "asked"], capture_output=True, check=False, timeout=120
    )
    return done.returncode == 0
