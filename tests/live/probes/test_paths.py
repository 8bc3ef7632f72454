"""The path, device and inode of an exec event: as the program's own root and its maps show them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from probes.ebpf import EbpfProbe
from tests.harness.skips import need
from tests.support import rooted, smallest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.root]

# The walk takes so many steps, one for each folder, mount and the file itself.
STEPS = 40


@pytest.fixture
def probe() -> Iterator[EbpfProbe]:
    need(os.geteuid() == 0, "bpf(2) is root's", "root")
    probe = EbpfProbe()
    probe.start()
    yield probe
    probe.close()


def path_of(probe: EbpfProbe, *words: str | Path) -> str | None:
    with subprocess.Popen(words) as child:
        child.wait()
    return rooted.last_exec(probe, child).path


def test_the_path_is_as_its_own_root_shows_it_across_mounts(
    probe: EbpfProbe, tmp_path: Path
) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    program = smallest.write(tmp_path / "smallest")
    mount = f"mount -t tmpfs tmpfs {tmp_path}/a/b", f"mkdir {tmp_path}/a/b/c"
    copy = f"cp {program} {tmp_path}/a/b/c/moved"
    with rooted.running(tmp_path, "/a/b/c/moved", *mount, copy) as child:
        child.wait()
    assert rooted.last_exec(probe, child).path == "/a/b/c/moved"


def test_device_and_inode_are_those_of_maps_on_an_overlay_too(
    probe: EbpfProbe, tmp_path: Path
) -> None:
    lower = tmp_path / "lower"
    lower.mkdir()
    smallest.write(lower / "waits", waits=True)
    commands = rooted.overlay(tmp_path / "root", lower, tmp_path / "work")
    with rooted.running(tmp_path / "root", "/waits", *commands) as child:
        shown = rooted.becomes(child, "waits")
    event = rooted.last_exec(probe, child)
    assert event.path == "/waits"
    assert (event.dev, event.inode) == shown


def test_names_are_never_cut(probe: EbpfProbe, tmp_path: Path) -> None:
    folder = tmp_path / ("f" * 255)
    folder.mkdir()
    # Not UTF-8, and with what terminals act on.
    program = smallest.write(folder / os.fsdecode(b"\xff\x1b[2J" + b"n" * 240))
    assert path_of(probe, program) == str(program)


@pytest.mark.parametrize(("more", "whole"), [(0, True), (1, False)])
def test_a_path_with_too_many_folders_is_not_told_by_half(
    probe: EbpfProbe, tmp_path: Path, more: int, *, whole: bool
) -> None:
    # The last step is the one that finds the root.
    folders = [f"{number}" for number in range(STEPS - 2 + more)]
    tmp_path.joinpath(*folders).mkdir(parents=True)
    program = smallest.write(tmp_path.joinpath(*folders, "deep"))
    inside = "/" + str(program.relative_to(tmp_path))
    with rooted.running(tmp_path, inside) as child:
        child.wait()
    # Of its steps one is for the mount of the file system, when the root is not the mount's own.
    assert rooted.last_exec(probe, child).path == (inside if whole else None)


def test_a_file_in_memory_has_no_path(probe: EbpfProbe, tmp_path: Path) -> None:
    program = smallest.write(tmp_path / "smallest")
    code = (
        "import os, sys; fd = os.memfd_create('hidden');"
        f"os.write(fd, open({str(program)!r}, 'rb').read()); os.execve(fd, ['hidden'], {{}})"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as child:
        child.wait()
    event = rooted.last_exec(probe, child)
    assert event.path is None
    assert event.inode


def test_of_a_script_it_is_the_interpreter_that_runs(probe: EbpfProbe, tmp_path: Path) -> None:
    script = tmp_path / "script"
    shell = os.path.realpath(shutil.which("sh") or "")
    script.write_text(f"#!{shell}\nexit 0\n")
    script.chmod(0o755)
    assert path_of(probe, script) == shell


def test_a_program_that_is_removed_while_it_starts_keeps_its_path(
    probe: EbpfProbe, tmp_path: Path
) -> None:
    program = smallest.write(tmp_path / "gone", waits=True)
    with subprocess.Popen([program]) as child:
        program.unlink()
        child.kill()
    assert rooted.last_exec(probe, child).path == str(program)
