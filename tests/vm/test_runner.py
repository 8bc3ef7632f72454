"""The runner itself: archives that others can read, and what becomes of a command."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.harness.skips import need
from tests.vm.cpio import Cpio
from tests.vm.initramfs import Contents, write_initramfs
from tests.vm.kernels import BOOKWORM
from tests.vm.machines import machine
from tests.vm.runner import GuestFailed, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness.fixtures import Toolbox


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with one of each kind."""
    top = tmp_path / "tree"
    (top / "below/.git").mkdir(parents=True)
    (top / "below/program").write_bytes(b"odd")
    (top / "below/program").chmod(0o755)
    (top / "empty").touch()
    (top / "link").symlink_to("below/program")
    return top


def extract(archive: Path, into: Path) -> None:
    """Unpack with busybox: an implementation that is not ours."""
    need(shutil.which("busybox"), "no busybox", "make toolbox")
    into.mkdir()
    with archive.open("rb") as packed:
        command = ["busybox", "cpio", "-i", "-d"]
        subprocess.run(command, stdin=packed, cwd=into, check=True, capture_output=True)


def test_another_program_unpacks_what_we_packed(tree: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    with archive.open("wb") as out:
        cpio = Cpio(out)
        cpio.tree("", tree, lambda path: path != "below/.git")
        cpio.file("made", b"12345678", 0o600)
        cpio.close()
    there = tmp_path / "there"
    extract(archive, there)
    assert sorted(path.name for path in there.rglob("*")) == [
        *("below", "empty", "link", "made", "program")
    ]
    assert (there / "link").read_bytes() == b"odd"
    assert (there / "below/program").stat().st_mode & 0o777 == 0o755
    assert (there / "made").stat().st_mode & 0o777 == 0o600


def test_shared_folders_have_their_parents_and_no_work_tree(tree: Path, tmp_path: Path) -> None:
    userland = tmp_path / "userland"
    userland.touch()
    target = tmp_path / "initramfs"
    contents = Contents(userland, [], {"a/b": tree}, "v2", "@@", ["echo", "it's"])
    write_initramfs(target, contents)
    there = tmp_path / "there"
    extract(target, there)
    assert (there / "share/a/b/below/program").read_bytes() == b"odd"
    assert not (there / "share/a/b/below/.git").exists()
    assert (there / "run.env").read_text().endswith("set -- echo 'it'\"'\"'s'\n")


@pytest.mark.vm
@pytest.mark.heavy
def test_a_machine_that_does_not_end_is_ended(toolbox: Toolbox) -> None:
    with pytest.raises(GuestFailed, match="not at its end after 2 s"):
        run(machine(toolbox, BOOKWORM), ["sleep", "600"], {}, seconds=2)
