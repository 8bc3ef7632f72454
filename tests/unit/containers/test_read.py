"""Reading /proc/PID/cgroup: children of ours, and errors the kernel can give."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sensor.containers import of_pid, read
from sensor.errors import NotPermitted, ProcessGone
from sensor.model.container import UNKNOWN
from tests.unit.containers.forms import ID

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_a_child_belongs_where_we_do() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert of_pid(child.pid) == of_pid(os.getpid())
    finally:
        child.communicate(b"\n", timeout=30)


def test_a_process_that_ended_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait(timeout=30)
    with pytest.raises(ProcessGone):
        of_pid(child.pid)


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A /proc of plain files, in which pid 1 is seen from the root of the machine."""
    monkeypatch.setattr(read, "PROC", tmp_path)
    read.nested.cache_clear()
    write(tmp_path, 1, b"0::/init.scope\n")
    yield tmp_path
    read.nested.cache_clear()


def write(proc: Path, pid: int, text: bytes) -> None:
    (proc / str(pid)).mkdir()
    (proc / str(pid) / "cgroup").write_bytes(text)


def test_names_that_are_not_text_do_no_harm(proc: Path) -> None:
    write(proc, 7, f"0::/docker/{ID}/".encode() + b"\xff\xfe\n")
    assert of_pid(7).id == ID


def test_our_own_cgroup_namespace_is_noticed(proc: Path) -> None:
    (proc / "1" / "cgroup").write_bytes(b"0::/../../../init.scope\n")
    write(proc, 7, b"0::/\n")
    write(proc, 8, f"0::/../docker-{ID}.scope\n".encode())
    assert of_pid(7) == UNKNOWN
    assert of_pid(8).id == ID


@pytest.mark.parametrize(
    ("number", "expected"),
    [(errno.ESRCH, ProcessGone), (errno.EACCES, NotPermitted), (errno.EIO, OSError)],
)
def test_errors_have_their_names(
    number: int, expected: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, "refused")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(expected):
        of_pid(os.getpid())


def test_a_path_beyond_what_the_kernel_can_write_is_not_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENAMETOOLONG, "too long")

    monkeypatch.setattr(Path, "open", refuse)
    assert of_pid(os.getpid()) == UNKNOWN
